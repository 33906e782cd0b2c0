"""The whole demo, with brokers and without."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DEMO
from lab.brokers import why_there_are_none
from lab.launch import default_operator


def told(*options, **environment):
    done = subprocess.run([sys.executable, "-B", DEMO / "demo.py", "--operator", default_operator("debug"), *options], text=True, capture_output=True,
                          timeout=600, check=False, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(why_there_are_none() is not None, reason=str(why_there_are_none()))
def test_it_ends_with_messages_through_the_endpoint():
    story = told()
    last = story[story.rindex("$ kafka-console-consumer.sh"):]
    assert sorted(re.findall(r"Partition:[012]:(order-\d+)", last)) == sorted(f"order-{n}" for n in range(1, 11))
    heads, row = (line.split() for line in last[last.index("$ kubectl get kpl"):].splitlines()[1:3])
    assert dict(zip(heads, row))["VERIFIED"] == "True"
    assert "All was as told" in last


def test_long_without_java_it_goes_all_the_same(tmp_path):
    """On a PATH with all but Java."""
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name != "java" and not (tmp_path / program.name).exists():
                (tmp_path / program.name).symlink_to(program)
    story = told(PATH=str(tmp_path))
    assert story.count("no real Kafka: there is no Java here") == 1 and "All was as told" in story
    assert "kafka-console-consumer.sh" not in story


@pytest.mark.skipif(why_there_are_none() is not None, reason=str(why_there_are_none()))
def test_long_a_cluster_is_made_from_nothing():
    story = told("--from-nothing")
    last = story[story.rindex("$ kafka-console-consumer.sh"):]
    assert sorted(re.findall(r"Partition:[012]:(order-\d+)", last)) == sorted(f"order-{n}" for n in range(1, 11)), "the data of before"
    assert "how long it took" in last and "All was as told" in last
