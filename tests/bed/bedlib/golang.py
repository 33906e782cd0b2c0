"""Programs built from a Go module of the bed, once."""
import os
import shutil
import subprocess
import time

from . import cache


def folder(kind, source):
    """Where the programs of a module are, built or not: named by its files and by the compiler."""
    files = sorted(path for path in source.iterdir() if path.suffix == ".go" or path.name in ("go.mod", "go.sum"))
    return cache.root() / kind / cache.stamp(files, run(source, "version"))


def build(kind, source, what, compile_into):
    """Makes the folder with what `compile_into` puts there. It gets the folder and the environment for `run`."""
    place = folder(kind, source)
    with cache.made_once(place) as unfinished:
        if unfinished:
            cache.say(f"building {what}")
            began = time.monotonic()
            work = cache.root() / f"go-{kind}"
            # Caches of its own: the whole of them (5 GB for the control plane) is given back once the binary is there.
            env = dict(os.environ, GOMODCACHE=str(work / "mod"), GOCACHE=str(work / "build"), CGO_ENABLED="0", GOWORK="off")
            compile_into(unfinished, env)
            run(source, "clean", "-cache", "-modcache", env=env)  # Go's own way: the module cache is read-only
            shutil.rmtree(work)
            cache.say(f"built in {time.monotonic() - began:.0f} s")
    return place


def compile_packages(source, target, env, packages, flags="-s -w"):
    run(source, "build", "-p", "2", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target), *packages, env=env)


def run(source, *args, env=None):
    try:
        done = subprocess.run(["go", *args], cwd=source, env=env, stdout=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError:
        raise SystemExit("bed: go is needed to build the bed's programs (or set KUBEBUILDER_ASSETS to a folder that holds the control plane)")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bed: `go {' '.join(args[:1])}` failed with status {error.returncode}: see above")
    return done.stdout.strip()
