"""What the tests on a cluster share: one cluster, and the operator's image."""
import os
from pathlib import Path

import image
import pytest
from cluster import Cluster

IMAGE = "kafka-privatelink-operator:0.1.0"
SHELL = "shell:test"


def operator_binary():
    """$KPL_OPERATOR, else the debug binary where the Makefile has it."""
    named = os.environ.get("KPL_OPERATOR")
    cache = os.environ.get("KPL_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kafka-privatelink"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(cache) / "target")
    path = Path(named) if named else target / "debug" / "kafka-privatelink"
    assert path.exists(), f"{path} is not built: `make build`, or set KPL_OPERATOR"
    return path


@pytest.fixture(scope="session")
def operator_image(tmp_path_factory):
    """A folder: layout/, image.tar, and unpacked rootfs/ and config.json."""
    folder = tmp_path_factory.mktemp("images") / "operator"
    image.operator(operator_binary(), folder)
    return folder


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, operator_image):
    folder = tmp_path_factory.mktemp("cluster")
    images = {IMAGE: operator_image, "operator:next": operator_image, SHELL: folder / "shell"}
    image.shell(images[SHELL])
    made = Cluster(folder / "bed", images)
    yield made
    made.stop()
