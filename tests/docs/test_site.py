"""The documents as pages: built without a warning, and opened from the file system, where no server answers."""
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    to = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-B", ROOT / "docs" / ".site" / "build.py", to], check=True)
    return to


class Found(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, page):
        super().__init__()
        self.loads, self.links = [], []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "img") and "src" in attrs:
            self.loads.append(attrs["src"])
        if tag == "link" and "href" in attrs:
            self.loads.append(attrs["href"])
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])


def pages(site):
    found = sorted(page for page in site.rglob("*.html") if page.name != "404.html")
    assert len(found) >= 25
    return found


def test_it_loads_nothing_from_elsewhere(site):
    outside = {(page.name, load) for page in pages(site) for load in Found(page).loads if ":" in load or not (page.parent / load.split("?")[0]).exists()}
    assert outside == set()


def test_its_links_lead_to_files(site):
    broken = {(page.name, link) for page in pages(site) for link in Found(page).links
              if "://" not in link and not link.startswith(("#", "mailto:")) and not (page.parent / link.split("#")[0]).is_file()}
    assert broken == set()


def test_every_document_is_a_page(site):
    documents = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert documents - {page.relative_to(site) for page in pages(site)} == set()
