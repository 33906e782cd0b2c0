"""Images: a name, and the folder that it stands for."""
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """A root file system, and what an OCI image's configuration says of it."""
    root: Path
    entrypoint: tuple
    command: tuple
    env: dict
    folder: str
    user: str


def named(flags):
    """{name: Image} of flags NAME=FOLDER."""
    images = {}
    for flag in flags:
        name, _, folder = flag.partition("=")
        path = Path(folder).resolve()
        config = json.loads((path / "config.json").read_text())
        config = config.get("config", config)  # the whole configuration, or its part of that name
        images[name] = Image(
            root=path / "rootfs", entrypoint=tuple(config.get("Entrypoint") or ()), command=tuple(config.get("Cmd") or ()),
            env=dict(each.split("=", 1) for each in config.get("Env") or ()), folder=config.get("WorkingDir") or "/",
            user=config.get("User") or "0")
    return images
