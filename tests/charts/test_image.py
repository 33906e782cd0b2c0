"""The operator's image: that it is a right OCI layout, small, reproducible, and runs as nobody on a read-only root."""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

import image
from charts import ROOT
from test_rendering import crate_version

BUILD = ROOT / "deploy" / "image" / "build.py"
MIB = 1 << 20
# In mount namespaces of its own: the root is read-only for this process alone.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec chroot --userspec="$USER" "$0" "$@"'


def parts(folder):
    layout = folder / "layout"
    (described,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(image.blob(layout, described))
    return described, manifest, json.loads(image.blob(layout, manifest["config"])), [image.blob(layout, layer) for layer in manifest["layers"]]


def run(folder, *args):
    config = json.loads((folder / "config.json").read_text())["config"]
    env = {**dict(each.split("=", 1) for each in config["Env"]), "USER": config["User"]}
    return subprocess.run(["/usr/bin/unshare", "--mount", "/bin/sh", "-c", READ_ONLY, folder / "rootfs", *config["Entrypoint"], *args],
                          env={**env, "PATH": os.environ["PATH"]}, text=True, capture_output=True, timeout=60, check=False)


def test_the_layout(operator_image):
    described, manifest, config, layers = parts(operator_image)
    assert json.loads((operator_image / "layout" / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert described["platform"]["os"] == config["os"] == "linux" and described["platform"]["architecture"] == config["architecture"]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(gzip.decompress(layer)).hexdigest()}" for layer in layers]
    assert len(config["history"]) == len(layers) == 2
    assert config["config"]["User"] == "65532:65532" and config["config"]["Entrypoint"] == ["/usr/local/bin/kafka-privatelink"]
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == crate_version() and labels == manifest["annotations"]
    named = {each["digest"].partition(":")[2] for each in (described, manifest["config"], *manifest["layers"])}
    assert named == {path.name for path in (operator_image / "layout" / "blobs" / "sha256").iterdir()}


def test_what_is_in_it(operator_image):
    *_, layers = parts(operator_image)
    base, binary = ([entry for entry in tarfile.open(fileobj=io.BytesIO(layer), mode="r:gz")] for layer in layers)
    assert [entry.name for entry in binary if entry.isfile()] == ["usr/local/bin/kafka-privatelink"]
    for entry in [*base, *binary]:
        assert (entry.uid, entry.gid) == (0, 0) and not entry.name.startswith("/") and ".." not in entry.name
        assert entry.issym() or not entry.mode & 0o7022, f"{entry.name}: {entry.mode:o}"
    names = {entry.name for entry in base}
    assert {"etc/ssl/certs/ca-certificates.crt", "usr/share/doc/libc6/copyright", "usr/share/doc/libgcc-s1/copyright"} <= names
    assert not any(name.endswith(("/sh", "/bash", "/apt")) for name in names)
    assert (operator_image / "rootfs/etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 100
    assert len(layers[0]) < 3 * MIB


def test_it_says_what_it_is_made_of(operator_image):
    said = json.loads((operator_image / "sbom.cdx.json").read_text())
    urls = [component["purl"] for component in said["components"]]
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6") and "pkg:cargo/kube@5.0.0" in urls
    assert not any(url.startswith("pkg:cargo/cc@") for url in urls), "cc only built it"
    debian = [url for url in urls if url.startswith("pkg:deb/debian/")]
    assert len(debian) == 3 and len(set(urls)) == len(urls) == 4
    # Scanners find the same without that file: packages here, crates in the binary.
    for url in debian:
        name, version = url.removeprefix("pkg:deb/debian/").split("?")[0].replace("%2B", "+").split("@")
        status = (operator_image / "rootfs/var/lib/dpkg/status.d" / name).read_text()
        assert f"Package: {name}\n" in status and f"Version: {version}\n" in status


def test_a_binary_that_does_not_say_what_it_is_made_of_is_refused(tmp_path):
    made = build("--binary", "/bin/true", "--out", tmp_path)
    assert made.returncode != 0 and "/bin/true does not say which crates" in made.stderr


def test_it_runs_as_nobody_on_a_read_only_root(operator_image):
    done = run(operator_image, "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"kafka-privatelink {crate_version()}"), done.stderr
    refused = run(operator_image, "run", "--concurrency=0")
    assert refused.returncode == 2 and "--concurrency" in refused.stderr
    lost = run(operator_image, "run", "--cluster-id=test", "--admin-address=127.0.0.1:0")
    assert lost.returncode == 1 and "no way to a Kubernetes API server" in lost.stderr, lost
    for written in ("rootfs/x", "rootfs/tmp/x"):
        assert not (operator_image / written).exists()


def test_the_same_files_make_the_same_image(operator_image, tmp_path):
    made = build("--binary", operator_image / "binary", "--out", tmp_path)
    assert made.returncode == 0, made.stderr
    assert parts(tmp_path)[0] == parts(operator_image)[0]
    assert (tmp_path / "image.tar").read_bytes() == (operator_image / "image.tar").read_bytes()
    with tarfile.open(tmp_path / "image.tar") as archive:
        assert {"index.json", "oci-layout", "blobs/sha256"} <= set(archive.getnames())


def test_one_that_is_too_large_is_refused(operator_image, tmp_path):
    made = build("--binary", operator_image / "binary", "--out", tmp_path, "--most-mib", "1")
    assert made.returncode != 0 and "more than 1.0 MiB" in made.stderr


def test_a_binary_that_needs_more_is_refused(tmp_path):
    made = build("--binary", "/usr/bin/curl", "--out", tmp_path)
    assert made.returncode != 0 and "libcurl.so.4" in made.stderr


def test_the_dockerfile_has_the_same_root(operator_image, tmp_path):
    made = build("--binary", operator_image / "binary", "--rootfs", tmp_path)
    assert made.returncode == 0, made.stderr
    listed = [sorted((path.relative_to(root), path.stat().st_mode if not path.is_symlink() else os.readlink(path))
                     for path in root.rglob("*")) for root in (tmp_path, operator_image / "rootfs")]
    assert listed[0] == listed[1]
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    config = parts(operator_image)[2]["config"]
    last = max(at for at, words in enumerate(lines) if words[0] == "FROM")
    said = {words[0]: " ".join(words[1:]) for words in lines[last:]}
    assert said["FROM"] == "scratch" and said["USER"] == config["User"]
    assert json.loads(said["ENTRYPOINT"]) == config["Entrypoint"] and json.loads(said["CMD"]) == config["Cmd"]
    assert said["ENV"].split() == config["Env"]


def build(*args):
    return subprocess.run([sys.executable, BUILD, *map(str, args)], text=True, capture_output=True, check=False)
