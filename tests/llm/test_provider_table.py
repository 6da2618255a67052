"""A provider is one row: no other module spells its name, and what is known of it is read from there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import datarecipe
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.provider_table import TABLE

PACKAGE = Path(datarecipe.__file__).parent
NAMES = (*TABLE, provider_facts.LOCAL)
ELSEWHERE = {
    "llm/providers/provider_table.py": "the table",
    "exchange.py": "`local/` runs in this process, and the loop, which knows nothing of providers, asks it otherwise",
    "generate/prompt/model_profile.py": "families of models, by names that the loop sees; it knows nothing of providers",
    "llm/through_litellm/litellm_transport.py": "`openai` is the library",
    "cli/commands/validate_command.py": "`github` is a form of output",
    "cli/reports/test_report.py": "`github` is a form of output",
    "run_folder/card/hub_metadata.py": "`synthetic` is a tag on hubs",
    "running/resolve/config_form.py": "an example in a message names a model",
}
"""Modules with a text that is or begins like a provider's name, and why."""


def spelled(path: Path) -> Iterator[str]:
    """Texts that are the name of a provider or begin with it and a slash, as the names of its models do."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if text in NAMES or ("/" in text and text.partition("/")[0] in NAMES and not any(map(str.isspace, text))):
                yield text


def test_no_module_outside_the_table_spells_a_provider() -> None:
    found = {
        str(path.relative_to(PACKAGE)): texts for path in PACKAGE.rglob("*.py") if (texts := sorted(set(spelled(path))))
    }
    assert found.keys() == ELSEWHERE.keys()
    assert found["llm/through_litellm/litellm_transport.py"] == ["openai"]
    assert found["exchange.py"] == ["local/"]
    assert found["running/resolve/config_form.py"] == ["openai/gpt-4o-mini"]


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.charges_as or row.listed_for])
def test_a_row_that_names_another_names_one_with_the_same_hosts(name: str) -> None:
    row = TABLE[name]
    for other in filter(None, (row.charges_as, row.listed_for)):
        assert TABLE[other].hosts == row.hosts


def test_an_address_of_its_own_is_at_the_first_of_its_hosts() -> None:
    bases = {name: row.base for name, row in TABLE.items() if row.base}
    assert bases.keys() == {name for name, row in TABLE.items() if row.direct and row.hosts}
    assert bases["openai"] == "https://api.openai.com/v1"
    assert bases["llamafile"] == "http://127.0.0.1:8080/v1"
    assert not any("*" in base for base in bases.values())


def test_domains_are_of_clouds_and_above_their_hosts() -> None:
    for row in TABLE.values():
        assert row.cloud or not row.domains
        for domain in row.domains:
            assert any(host.endswith(f".{domain}") for host in row.hosts)


def test_who_asks_a_person_is_never_suggested() -> None:
    asking = {name for name, row in TABLE.items() if row.asks_a_person}
    assert asking == {"chatgpt", "github_copilot"}
    assert not asking & provider_facts.all_names()
