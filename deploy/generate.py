#!/usr/bin/env python3
"""Makes the files under charts/ and deploy/ that follow from others; with --check it only compares.

It runs in the test bed's Python environment, with the test bed's helm: `bed.py build` makes both.
"""
import argparse
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests" / "bed")]
from bedlib import programs, standin  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not as it would be made")
    asked = parser.parse_args()
    if Path(sys.prefix) != standin.environment():  # elsewhere there need not be a YAML parser
        os.execv(standin.python(), [str(standin.python()), "-B", *sys.argv])
    from generators import api_reference, argocd, crd_chart, json_schema, kustomize, monitoring, values_table
    helm = str(programs.require() / "helm")
    made = {}
    for generator in (api_reference, argocd, crd_chart, json_schema, monitoring, values_table, kustomize):
        made.update(generator.files(ROOT, helm))
    wrong = [path for path, text in made.items() if read(ROOT / path) != text]
    # In these folders everything but what is named here is made: what is not made any more must go.
    folders = [ROOT / kustomize.FOLDER / "base", *(ROOT / kustomize.FOLDER / "overlays").rglob("")]
    stale = [str(path.relative_to(ROOT)) for folder in folders for path in folder.glob("*.yaml")
             if str(path.relative_to(ROOT)) not in made and path.name != "namespace.yaml"]
    if asked.check:
        if wrong or stale:
            raise SystemExit(f"not as `make generate` makes it: {', '.join(wrong + stale)}")
        return
    for path in stale:
        (ROOT / path).unlink()
    for path in wrong:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(made[path])
        print(f"made {path}")


def read(path):
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    main()
