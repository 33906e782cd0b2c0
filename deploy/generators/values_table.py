"""The table of values in the chart's README, from the comments in values.yaml.

Every value has a comment above it, and a value of several lines either values with comments in it or a block that the
table leaves to values.yaml: so the file reads well, and needs no more than its lines to be understood.
"""
import re

CHART = "charts/kafka-privatelink-operator"
BEGIN = "<!-- values: made by `make generate` from the comments in values.yaml -->\n"
END = "<!-- end of values -->"
KEY = re.compile(r"^( *)([A-Za-z]\w*):(?: (.*))?$")


def files(root, helm):
    path = f"{CHART}/README.md"
    before, rest = (root / path).read_text().split(BEGIN)
    after = rest.split(END)[1]
    table = "| value | default | |\n|---|---|---|\n" + "".join(
        f"| `{name}` | {default} | {text} |\n" for name, default, text in values((root / CHART / "values.yaml").read_text()))
    return {path: before + BEGIN + table + END + after}


def values(text):
    """(name, default, comment) of each value, in the order of the file."""
    lines = text.splitlines()
    path, comment, undocumented = [], [], []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# "))
            continue
        match = KEY.match(line)
        if not match:  # an empty line ends the comment of the file; an item of a list belongs to its value
            comment = []
            continue
        indent, key, value = match.groups()
        path = path[:len(indent) // 2] + [key]
        if value is not None:
            default = f"`{value}`"
        elif number + 1 < len(lines) and lines[number + 1].lstrip().startswith("- "):
            default = "see values.yaml"
        else:
            continue  # a group: its values follow
        if not comment:
            undocumented.append(".".join(path))
        yield ".".join(path), default, " ".join(comment).replace("|", "\\|")
        comment = []
    if undocumented:
        raise SystemExit(f"values.yaml: no comment above {', '.join(undocumented)}")
