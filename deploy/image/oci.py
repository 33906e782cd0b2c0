"""An image as an OCI layout: a folder of blobs named by their digests. The same files give the same image."""
import gzip
import hashlib
import io
import json
import shutil
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Tree:
    """Files of a layer: path in the image -> what lies there. Owned by root, writable by nobody else, all of one time."""

    def __init__(self):
        self.entries = {}

    def file(self, path, content, mode=0o644):
        self._folders(path)
        self.entries[path] = (tarfile.REGTYPE, mode, content)

    def link(self, path, target):
        self._folders(path)
        self.entries[path] = (tarfile.SYMTYPE, 0o777, target)

    def _folders(self, path):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:depth]), (tarfile.DIRTYPE, 0o755, None))

    def write(self, folder):
        """Into a folder of this machine, for a Dockerfile's last stage."""
        for path, (kind, mode, content) in sorted(self.entries.items()):
            place = folder / path
            if kind == tarfile.DIRTYPE:
                place.mkdir(parents=True, exist_ok=True)
            elif kind == tarfile.SYMTYPE:
                place.symlink_to(content)
            else:
                place.write_bytes(content)
                place.chmod(mode)

    def tar(self, at):
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path, (kind, mode, content) in sorted(self.entries.items()):
                entry = tarfile.TarInfo(path)
                entry.type, entry.mode, entry.mtime = kind, mode, at
                if kind == tarfile.SYMTYPE:
                    entry.linkname = content
                elif kind == tarfile.REGTYPE:
                    entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
        return held.getvalue()


class Layout:
    def __init__(self, folder):
        if folder.exists():
            shutil.rmtree(folder)
        self.blobs = folder / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        self.folder = folder

    def write(self, layers, config, name, annotations, at):
        """Writes an image of these (tree, comment) layers; returns its manifest's digest and what a pull of it weighs."""
        described, diff_ids = [], []
        for tree, _ in layers:
            tar = tree.tar(at)
            diff_ids.append(digest(tar))
            described.append({"mediaType": LAYER, **self._blob(gzip.compress(tar, 9, mtime=0))})
        config = {**config, "rootfs": {"type": "layers", "diff_ids": diff_ids},
                  "history": [{"created": config["created"], "comment": comment} for _, comment in layers]}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": CONFIG, **self._blob(encoded(config))},
                    "layers": described, "annotations": annotations}
        whole = {"mediaType": MANIFEST, **self._blob(encoded(manifest)),
                 "platform": {"architecture": config["architecture"], "os": config["os"]},
                 "annotations": {"org.opencontainers.image.ref.name": name}}
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (self.folder / "index.json").write_bytes(encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [whole]}))
        return whole["digest"], sum(each["size"] for each in described)

    def archive(self, path):
        """The layout as one file, as `podman load`, `docker load` and `skopeo copy oci-archive:` read it."""
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
            for each in sorted(self.folder.rglob("*")):
                archive.add(each, each.relative_to(self.folder), recursive=False, filter=_nobodys)

    def _blob(self, content):
        name = digest(content)
        (self.blobs / name.removeprefix("sha256:")).write_bytes(content)
        return {"digest": name, "size": len(content)}


def _nobodys(entry):
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def encoded(value):
    return json.dumps(value, indent=1).encode()
