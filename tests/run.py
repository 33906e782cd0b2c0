#!/usr/bin/env python3
"""Runs every test of the repository and ends with one line that counts them.

The Rust tests run inside one test bed, which ends with them; `--long` adds the tests that
take long. Stages go on after a failure, so that one run tells all.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BED = [sys.executable, str(HERE / "bed" / "bed.py")]
CRD = "crds/kafkaprivatelinks.yaml"
RUST = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
PYTEST = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="also what takes long")
    parser.add_argument("--lint", action="store_true", help="only what others' tools say of the charts and of the crates")
    asked = parser.parse_args()
    long = asked.long
    os.chdir(HERE.parent)
    sys.path.insert(0, str(HERE / "bed"))
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    # Tests of the whole operator mostly wait; each runs a process of its own, so not one a core on a large machine.
    env.setdefault("RUST_TEST_THREADS", "4")
    if long:
        env.setdefault("KPL_HISTORIES", "100000")
    env.setdefault("KPL_PICK", pick())
    print(f"KPL_PICK={env['KPL_PICK']}", flush=True)
    # The long tests count what they played: that is shown also where nothing failed.
    names = ["--show-output"] if long else ["--skip", "long_"]
    short = [] if long else ["-k", "not test_long_"]
    stages = [
        ("stand-in, bed, alerts and documents", pytest("tests/bed", "tests/monitoring", "tests/docs", *short), count_pytest),
        ("build", ["cargo", "build", "--workspace", "--all-targets", "--locked"], count_nothing),
        ("operator", [*BED, "run", "--crd", CRD, "--",
                      "cargo", "test", "--workspace", "--no-fail-fast", "--locked", "--", *names], count_rust),
        ("nodes", pytest("tests/node", *short), count_pytest),
        # The feature is of the root package alone: the AWS SDK is not compiled again.
        ("traces", [*BED, "run", "--crd", CRD, "--", "cargo", "test", "--features", "traces", "--test", "it", "--locked", "--", "traces"], count_rust),
        ("demo", pytest("tests/demo", *short), count_pytest),
        ("kafka", [*BED, "run", "--crd", CRD, "--", *pytest("tests/kafka")], count_pytest),
        ("new cluster", [*BED, "run", "--crd", CRD, "--", *pytest("tests/kafka/test_new_cluster.py", *short)], count_pytest),
        ("charts", pytest("tests/charts", *short), count_pytest),
    ]
    # All of tests/kafka, or the one path that is short enough.
    without = ("new cluster",) if long else ("traces", "kafka")
    stages = [stage for stage in stages if stage[0] not in without]
    if asked.lint:
        stages = [("licences, sources and bans of crates", cargo_deny(), count_nothing), ("charts, judged", pytest("tests/charts/test_judged.py"), count_pytest)]
    total, broken = [0, 0, 0], []
    for name, command, count in stages:
        print(f"== {name}", flush=True)
        code, lines = stream(command, env)
        counted = count(lines)
        total = [a + b for a, b in zip(total, counted)]
        # A stage that failed without a failed test (it did not build, say) must not pass for green.
        if code != 0 and counted[1] == 0:
            broken.append(name)
    if broken:
        print(f"did not run to the end: {', '.join(broken)}")
        total[1] += len(broken)
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def pick():
    """What chooses a few of many cases: the commit, so that everybody who tests it tests the same."""
    head = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=False)
    return str(int(head.stdout.strip() or "1", 16))


def pytest(*folders):
    from bedlib import standin
    return [str(standin.python()), "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *folders]  # -rs: why one was skipped


def cargo_deny():
    from bedlib import judges
    return [judges.program("cargo-deny"), "--locked", "check", "bans", "licenses", "sources"]


def stream(command, env):
    """Shows the output as it comes and keeps it for counting."""
    lines = []
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        for line in child.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return child.returncode, lines


def count_nothing(_):
    return [0, 0, 0]


def count_rust(lines):
    found = [RUST.match(line) for line in lines]
    return [sum(int(match[n]) for match in found if match) for n in (1, 2, 3)]


def count_pytest(lines):
    counts = {}
    for line in lines:
        if " in " in line:  # the summary: "12 passed, 1 skipped in 3.4s"
            counts = {word.rstrip("s"): int(number) for number, word in PYTEST.findall(line)} or counts
    return [counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0), counts.get("skipped", 0)]


if __name__ == "__main__":
    sys.exit(main())
