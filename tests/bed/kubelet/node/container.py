"""Runs one container: a program of its own, told what to do by a line of JSON on stdin.

It takes new namespaces, says `unshared` and waits for a second line, so that the node can open the doors of the network
first. Its child is process 1 of the container. SIGTERM is passed on; when this program ends, however it does, the kernel
ends the child and with it all of the container.
"""
import ctypes
import fcntl
import json
import os
import platform
import signal
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NAMESPACES = 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000  # mount, pid, net, ipc, uts
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[platform.machine()]
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
DEVICES = ("null", "zero", "full", "random", "urandom")
CANNOT_START = 128


def main():
    spec = json.loads(sys.stdin.readline())
    end_with(spec["parent"])
    check(LIBC.unshare(NEW_NAMESPACES), "unshare")
    print("unshared", flush=True)
    if sys.stdin.readline() != "go\n":
        sys.exit(CANNOT_START)
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(held)
        try:
            become(spec, alive)
        except (OSError, KeyError) as error:
            print(f"the container cannot be started: {error}", file=sys.stderr, flush=True)
        os._exit(CANNOT_START)
    os.close(alive)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def become(spec, alive):
    """From here to the program of the container."""
    os.setsid()
    socket.sethostname(spec["hostname"])
    loopback_up()
    root(spec)
    if spec["drop_all"]:
        for capability in range(64):
            if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                break  # the kernel knows no more
    os.setgroups(spec["groups"])
    os.setresgid(spec["gid"], spec["gid"], spec["gid"])
    os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    if spec["no_new_privileges"]:
        check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    # Another user's process forgets that it shall end with its parent, so it is said here; then it is seen whether that lives.
    check(LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")
    os.set_blocking(alive, False)
    try:
        if os.read(alive, 1) == b"":
            os._exit(CANNOT_START)
    except BlockingIOError:
        pass  # it lives: its end of the pipe is open
    os.chdir(spec["folder"])
    os.umask(0o022)
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # the log takes both
    os.closerange(3, 1024)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and programs would inherit that
        signal.signal(number, signal.SIG_DFL)
    execute(spec["command"], spec["env"])


def execute(command, env):
    """As a shell finds a program. Not os.execvpe: it imports, and Python's own files are out of reach here."""
    places = [""] if "/" in command[0] else [f"{folder}/" for folder in env["PATH"].split(":")]
    for place in places:
        try:
            os.execve(place + command[0], command, env)
        except (FileNotFoundError, NotADirectoryError):
            continue  # the next folder may have it
    raise FileNotFoundError(f"{command[0]}: not found in {env['PATH']}")


def root(spec):
    """The image, what the kubelet mounts, and nothing else."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    new = spec["root"]
    layers = f"lowerdir={spec['image']},upperdir={spec['upper']},workdir={spec['work']}"
    mount("overlay", new, "overlay", 0, layers)
    for source, target, read_only in spec["mounts"]:
        place = f"{new}/{target.lstrip('/')}"
        if os.path.isdir(source):
            os.makedirs(place, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.close(os.open(place, os.O_CREAT, 0o644))
        mount(source, place, None, MS_BIND | MS_REC)
        if read_only:
            mount(None, place, None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for name in ("proc", "dev"):
        os.makedirs(f"{new}/{name}", exist_ok=True)
    mount("proc", f"{new}/proc", "proc", MS_NOSUID | MS_NODEV)
    mount("dev", f"{new}/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k")
    for name in DEVICES:
        os.close(os.open(f"{new}/dev/{name}", os.O_CREAT, 0o666))
        mount(f"/dev/{name}", f"{new}/dev/{name}", None, MS_BIND)
    if spec["read_only"]:
        mount(None, new, None, MS_REMOUNT | MS_RDONLY, layers)
    os.chdir(new)
    check(LIBC.syscall(PIVOT_ROOT, b".", b"."), "pivot_root")
    check(LIBC.umount2(b".", MNT_DETACH), "umount of the machine's file system")
    os.chdir("/")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(any_socket, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | IFF_UP, b""))


def end_with(parent):
    check(LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")
    if os.getppid() != parent:  # it ended before it could be asked for
        sys.exit(CANNOT_START)


def mount(source, target, kind, flags, data=None):
    coded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    check(LIBC.mount(coded[0], coded[1], coded[2], ctypes.c_ulong(flags), coded[3]), f"mount {target}")


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
