"""The site: it builds without a warning, no link is dead, every page is in the navigation, nothing comes from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT, documents

FETCHING = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Elements by which a browser fetches something without a click."""


@dataclass
class Built(HTMLParser):
    """One HTML page of the site."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    navigation: list[str] = field(default_factory=list)
    _in_navigation: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect anchors, links and what is fetched."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "div" and (self._in_navigation or "sidebar-tree" in given.get("class", "")):
            self._in_navigation += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            if self._in_navigation:
                self.navigation.append(given["href"])
        if FETCHING.get(tag) in given:
            self.fetched.append(given[FETCHING[tag]])

    def handle_endtag(self, tag: str) -> None:
        """Leave the navigation."""
        if tag == "div" and self._in_navigation:
            self._in_navigation -= 1


def build(source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Build a site as `make site` does."""
    (line,) = re.findall(r"^\t\$\(BIN\)/python (-m sphinx .+) docs site$", (ROOT / "Makefile").read_text(), re.M)
    return subprocess.run(
        [sys.executable, *line.split(), "-d", str(into / "doctrees"), str(source), str(into / "site")],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site's folder."""
    folder = tmp_path_factory.mktemp("built")
    done = build(ROOT / "docs", folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Built]:
    """The built pages by their files."""
    return {path: Built(path) for path in site.rglob("*.html")}


def test_every_page_is_built(site: Path, built: dict[Path, Built]) -> None:
    pages = {site / page.path.relative_to(ROOT / "docs").with_suffix(".html") for page in documents()}
    assert pages == set(built) - {site / "search.html"}


def test_every_link_and_anchor_leads_somewhere(built: dict[Path, Built]) -> None:
    assert list(dead(built)) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text('<a href="b.html">b</a> <a href="#here">here</a> <a href="a.html#there">there</a> <p id="here">')
    assert [link for _, link in dead({path: Built(path)})] == ["b.html", "a.html#there"]


def dead(built: dict[Path, Built]) -> Iterator[tuple[str, str]]:
    """Links within the site that lead nowhere, each with its page."""
    for page in built.values():
        for link in [*page.links, *page.fetched]:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            path = (page.path.parent / unquote(url.path)).resolve() if url.path else page.path
            lost = not path.is_file() or (
                path in built and url.fragment and unquote(url.fragment) not in built[path].anchors
            )
            if lost:
                yield page.path.name, link


def test_every_page_is_in_the_navigation_of_the_first(site: Path, built: dict[Path, Built]) -> None:
    first = built[site / "index.html"]
    assert {site / link for link in first.navigation} | {first.path} == set(built) - {site / "search.html"}
    captions = re.findall(r'caption-text">([^<]+)<', first.path.read_text(encoding="utf-8"))
    assert captions == ["Tutorial", "How-to", "Reference", "Explanation"]


def test_nothing_is_fetched_from_another_host(site: Path, built: dict[Path, Built]) -> None:
    fetched = [link for page in built.values() for link in page.fetched]
    assert fetched
    assert [link for link in fetched if urlsplit(link).netloc] == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text) == [], sheet


def test_a_warning_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text('extensions = ["myst_parser"]\n')
    (docs / "index.md").write_text("# A page\n\n[nowhere](nowhere.md)\n")
    done = build(docs, tmp_path)
    assert done.returncode != 0
    assert "nowhere" in done.stderr
