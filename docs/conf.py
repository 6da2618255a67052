"""Sphinx settings of the site: the Markdown pages of this folder as HTML, with nothing fetched from anywhere.

The pages are plain Markdown, so that they read well in the repository too. What the site needs beside them, its
navigation, is taken from `index.md`: each section there is a part, each link in it a page of that part, in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

_HERE = Path(__file__).resolve().parent

project = "datarecipe"
(release,) = re.findall(r'__version__ = "(.+)"', (_HERE.parent / "datarecipe" / "_version.py").read_text("utf-8"))
version = release
html_title = f"datarecipe {release}"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["*.py"]
# Headings become anchors as they do on code hosts, so that one link works in both.
myst_heading_anchors = 4
# Code is shown as it stands: straight quotes, two hyphens.
smartquotes = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "tango"
pygments_dark_style = "monokai"

_SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_PAGE = re.compile(r"\]\((?P<path>[\w/.-]+)\.md\)")


def navigation(index: str) -> Iterator[tuple[str, list[str]]]:
    """The parts of the site and their pages, each named once, from the text of `index.md`."""
    for section in _SECTION.finditer(index):
        if pages := list(dict.fromkeys(_PAGE.findall(section["body"]))):
            yield section["title"], pages


def _add_navigation(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == app.config.root_doc:
        for title, pages in navigation(source[0]):
            lines = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_navigation)
