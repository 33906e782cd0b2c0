"""A machine without Java or Maven: one line says so, and what wants brokers is skipped and counted."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

BED = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BED))
from bedlib import bed, kafka  # noqa: E402


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A PATH with nothing on it, and an empty cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("KPL_CACHE", str(tmp_path / "cache"))
    return programs


def program(folder, name, text):
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_one_line_says_what_is_needed(bare, capfd):
    bed._kafka(needed=False)  # as `bed.py build` does for all parts: it goes on
    said = capfd.readouterr().err
    assert said == "bed: no real Kafka: Maven and Java 17 are needed to fetch Kafka: apt-get install default-jre-headless maven\n"
    asked = subprocess.run([sys.executable, "-B", BED / "bed.py", "build", "--only", "kafka"], capture_output=True, text=True, check=False)
    assert asked.returncode == 1 and "apt-get install default-jre-headless maven" in asked.stderr
    assert "no Java" in kafka.why_not() and not kafka.available()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs")
@pytest.mark.parametrize("works", [True, False])
def test_root_installs_what_is_missing(bare, capfd, works):
    program(bare, "java", "exit 0")
    program(bare, "mvn.packaged", "exit 3")
    install = f"/bin/mv {bare}/mvn.packaged {bare}/mvn" if works else "exit 100"
    program(bare, "apt-get", f'echo "$@" >> {bare}/asked; case "$*" in *install*) {install};; esac')
    with pytest.raises(kafka.NotHere) as refusal:
        kafka.build()
    told, asked = capfd.readouterr().err, (bare / "asked").read_text().splitlines()
    assert "bed: installing Debian's maven" in told and asked[0].endswith("install --yes --no-install-recommends maven")
    if works:  # the Maven that was installed is used
        assert len(asked) == 1 and "bed: installed in" in told and str(refusal.value) == "Maven failed with status 3: see above"
    else:  # tried again with fresh lists, and then said
        assert len(asked) == 3 and asked[1].endswith("update") and "apt-get failed with status 100" in str(refusal.value)


def test_an_old_java_is_told(bare):
    program(bare, "java", """echo 'openjdk version "11.0.2" 2019-01-15' >&2""")
    assert kafka.why_not() == 'no real Kafka: this Java is older than 17: openjdk version "11.0.2" 2019-01-15'


def test_what_wants_brokers_is_skipped_and_counted(bare, tmp_path):
    done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-k", "not test_long_", BED / "tests" / "test_kafka.py"],
                          capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0 and " skipped" in done.stdout.splitlines()[-1] and "passed" not in done.stdout
    assert "no real Kafka: there is no Java here" in done.stdout
