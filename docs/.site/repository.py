"""Pages out of the repository that are not below docs/, and links to what is no page."""
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)")
# Page of the site -> file in the repository.
BROUGHT = {"index.md": "README.md", **{f"repository/{path}": path for path in (
    "CHANGELOG.md", "ARCHITECTURE.md", "bench/RESULTS.md", "tests/bed/README.md",
    "charts/kafka-privatelink-operator/README.md", "charts/kafka-privatelink-crds/README.md")}}
RUNBOOKS = "runbooks/index.md"
# The theme dresses only tables of its own class; wide ones scroll by themselves.
STYLE = """table { display: block; overflow-x: auto; margin-bottom: 1rem }
th, td { padding: .35rem .75rem .35rem 0; vertical-align: top; border-bottom: 1px solid #ddd }
"""


def on_files(files, config):
    for page, path in BROUGHT.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text()))
    files.append(File.generated(config, "site.css", content=STYLE))
    alerts = sorted(path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md"))
    listed = "".join(f"* [{alert}]({alert}.md)\n" for alert in alerts)
    files.append(File.generated(config, RUNBOOKS, content=f"# Runbooks\n\nOne for each alert.\n\n{listed}"))
    return files


def on_page_markdown(markdown, page, config, files):
    here = page.file.src_uri
    source = posixpath.dirname(BROUGHT.get(here, f"docs/{here}"))
    pages = {path: name for name, path in BROUGHT.items()}

    def link(match):
        text, target, anchor = match.groups()
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(source, target))
        if path == "docs/runbooks":
            name = RUNBOOKS
        elif path in pages:
            name = pages[path]
        elif path.startswith("docs/") and path.endswith(".md"):
            name = path.removeprefix("docs/")
        else:  # a file that is read in the repository
            return text if text.strip("`") == path else f"{text} (`{path}`)"
        return f"[{text}]({posixpath.relpath(name, posixpath.dirname(here) or '.')}{anchor or ''})"

    return LINK.sub(link, markdown)
