"""What is built once and kept: outside the checkout, named by a hash of what it is made from."""
import fcntl
import hashlib
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

BED = Path(__file__).resolve().parent.parent


def root():
    """The folder of everything that the bed builds; $KPL_CACHE moves it."""
    named = os.environ.get("KPL_CACHE")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kafka-privatelink"
    return base.resolve() / "bed"


def stamp(files, *more):
    """A name that changes with the content of the files, and with what else is said to matter."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(Path(path).read_bytes() + b"\0")
    for text in more:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def made_once(folder):
    """Yields a folder to fill when `folder` is not there yet, else None.

    It takes its final name only after the caller succeeded, so a half-made one
    is never used; a second process waits for the first instead of building too.
    """
    if folder.is_dir():
        yield None
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(folder.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():  # another process made it while we waited
            yield None
            return
        unfinished = folder.with_name(folder.name + ".unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir()
        yield unfinished
        unfinished.rename(folder)


def say(text):
    """Progress goes to stderr: stdout is for the one line of JSON."""
    print(f"bed: {text}", file=sys.stderr, flush=True)
