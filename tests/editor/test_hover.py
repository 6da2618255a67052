"""What an editor shows for a key or value under the pointer."""

from __future__ import annotations

import pytest

from tests.editor.documents import DOCUMENT, MODELINE
from tests.editor.language_client import LanguageClient


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("target|_size: 500", ["How many accepted examples the dataset should have.", "Example:\n\n```yaml\n500\n```"]),
        ("batch|_size: 7", ["How many examples one request asks for.", "Default: `5`"]),
        ("strat|egy: tree", ["`kind`", "{kind: random, chains: 32}", "* `tree`: Every accepted example in turn"]),
        ("strategy: tr|ee", ["* `fixed`: Always the seed example."]),
        ("strategy:\n  kind: similar\n  cha|ins: 3", ["How many chains `random`, `similar`", "Default: `8`"]),
        ("response_format: a|uto", ["* `json_object`: The reply must be a JSON object."]),
        ("lab|els: [yes, no]", ["The allowed answers", "```yaml\n- yes\n- no\n```", "{per_example: 4}"]),
        ("x-ow|ner: search team", ["The user's own keys"]),
        ("limits:\n  us|d: 5", ["The run ends before all runs of the dataset together cost more US dollars"]),
    ],
)
def test_a_key_says_what_it_means(editor: LanguageClient, text: str, shown: list[str]) -> None:
    found = editor.hover(f"{MODELINE}recipe: 1\n{text}\n", DOCUMENT)
    assert found.startswith("#### ")
    for words in shown:
        assert words in found


def test_nothing_is_shown_for_what_is_no_key(editor: LanguageClient) -> None:
    assert editor.hover(f"{MODELINE}recipe: 1\nnonsense|: 5\n", DOCUMENT) == ""
