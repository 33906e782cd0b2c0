"""The document and the scripts, as cloud-init and shellcheck see them."""
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from machine import PARTS, ROOT, parts, user_data

SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def shellcheck(*args, text=None):
    return subprocess.run([SHELLCHECK, *args], input=text, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("script", sorted(ROOT.glob("core/src/node/*.sh")), ids=lambda path: path.name)
def test_shellcheck(script):
    done = shellcheck(script)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PARTS[1:])
def test_shellcheck_with_values(name):
    done = shellcheck("-", text=parts(user_data())[name])
    assert done.returncode == 0, done.stdout


def test_shellcheck_of_the_standins():
    done = shellcheck(*sorted((Path(__file__).parent / "standins").iterdir()))
    assert done.returncode == 0, done.stdout


def test_cloud_init_runs_the_scripts_at_every_boot_in_their_order():
    found = parts(user_data())
    assert tuple(found) == PARTS and sorted(found)[:2] == ["10-machine.sh", "20-broker.sh"]
    assert yaml.safe_load(found["cloud-config.yaml"]) == {"cloud_final_modules": [["scripts-user", "always"]]}
    assert all(found[script].startswith("#!/bin/bash\n") for script in PARTS[1:])
    assert found["cloud-config.yaml"].startswith("#cloud-config\n")


def test_a_value_is_one_word_whatever_is_in_it():
    said = """it's "$(exit 7)" `exit 8` \\ ü"""
    script = parts(user_data(properties={"said": said}))["20-broker.sh"]
    upto = script[:script.index("root=")] + 'printf "%s" "$PROPERTIES"'
    done = subprocess.run(["bash", "-c", upto], capture_output=True, text=True, check=True)
    assert """said=it's "$(exit 7)" `exit 8` \\\\ \\u00fc\n""" in done.stdout
