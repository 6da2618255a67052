"""What the front matter of a dataset card says, in the words that the Hugging Face Hub knows.

The Hub refuses a card whose `license` is not one of its own identifiers (hub-docs, docs/hub/repositories-licenses.md; the
list is that of its error message in huggingface_hub #4218, May 2026). Task categories are those of huggingface.js
(packages/tasks/src/pipelines.ts), the form of the rest is that of hub-docs, datasetcard.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from datarecipe.recipe import Recipe

_LICENSES = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5
cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0
cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl
lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0
openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 grok2-community gemma unknown
other
"""
LICENSES = frozenset(_LICENSES.split())
"""The Hub's identifiers."""

_OTHER_NAMES = {
    "c-uda-1.0": "c-uda",
    "cc0": "cc0-1.0",
    "gfdl-1.1": "gfdl",
    "gfdl-1.2": "gfdl",
    "gfdl-1.3": "gfdl",
    "lgpllr": "lgpl-lr",
    "odbl-1.0": "odbl",
    "odc-by-1.0": "odc-by",
    "pddl-1.0": "pddl",
    "the-unlicense": "unlicense",
}
"""Where SPDX, or most people, spell one otherwise than in other letters."""

_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")

_LANGUAGE = re.compile(r"language:([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.IGNORECASE)
"""A tag that says the language of the examples: a code of ISO 639, with script and region behind it or not."""


def front_matter(recipe: Recipe, examples: int) -> dict[str, Any]:
    """Of a dataset of that many examples. A language only where the recipe says one."""
    languages = languages_of(recipe.about.tags)
    return {
        **license_of(recipe.about.license),
        **({"language": languages} if languages else {}),
        "task_categories": task_categories(recipe),
        "size_categories": [size_category(examples)],
        "tags": ["synthetic", "datarecipe", *(tag for tag in recipe.about.tags if not _LANGUAGE.fullmatch(tag))],
        "configs": [{"config_name": "default", "data_files": "data.jsonl"}],
    }


def license_of(written: str | None) -> dict[str, str]:
    """`license`, and for one that the Hub does not list `license_name` and, where an address was given, `license_link`."""
    if written is None:
        return {"license": "unknown"}
    known = _known(written)
    if known is not None:
        return {"license": known}
    link = re.fullmatch(r"https?://(?:www\.)?([\w.-]+)[\w./:?=&%#~+-]*", written.strip(), re.ASCII)
    slug = re.sub(r"[^a-z0-9.]+", "-", (link.group(1) if link else written).lower())[:60].strip("-.")
    return {"license": "other", "license_name": slug or "custom", **({"license_link": written.strip()} if link else {})}


def _known(written: str) -> str | None:
    """The Hub's identifier for a licence, whose name may be SPDX's or one that people use."""
    name = re.sub(r"[\s_]+", "-", written.strip().casefold())
    name = re.sub(r"^(?:gnu|the)-(?=[al]?gpl|mit)|-licen[cs]e(?=-\d|$)", "", name)
    name = re.sub(r"(?:-only|-or-later|\+)$", "", name) if name not in LICENSES else name
    name = re.sub(r"^([al]?gpl|apache|mpl)-?v?(\d)(\.\d)?$", lambda m: f"{m[1]}-{m[2]}{m[3] or '.0'}", name)
    name = _OTHER_NAMES.get(name, name)
    return name if name in LICENSES - {"other"} else None


def languages_of(tags: Iterable[str]) -> list[str]:
    """The codes of `language:` tags, each once."""
    found = (_LANGUAGE.fullmatch(tag) for tag in tags)
    return list(dict.fromkeys(match.group(1).lower() for match in found if match))


def task_categories(recipe: Recipe) -> list[str]:
    """What the dataset is for."""
    question = ["question-answering"] if "question" in recipe.fields else []
    match recipe.labels.kind:
        case "fixed":
            return [*question, "text-classification"]
        case "per_example":
            return [*question, "multiple-choice"]
        case "open":
            return question or ["text-generation"]


def size_category(examples: int) -> str:
    """By powers of ten."""
    return _SIZES[min(len(_SIZES) - 1, max(0, len(str(examples)) - 3))]
