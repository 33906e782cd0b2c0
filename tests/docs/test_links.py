"""Links of the documents lead to files that are there."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = sorted(page for pattern in ("*.md", "docs/**/*.md", "charts/*/*.md", "tests/**/*.md", "bench/*.md", "crds/**/*.md") for page in ROOT.glob(pattern))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text()) if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_page_is_found_from_the_readme():
    seen, to_read = set(), [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link).resolve()
            found = sorted(target.glob("*.md")) if target.is_dir() else [target]
            for each in found:
                if each.suffix == ".md" and each.exists() and each not in seen:
                    seen.add(each)
                    to_read.append(each)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page.is_relative_to(ROOT / "docs") and page not in seen] == []
