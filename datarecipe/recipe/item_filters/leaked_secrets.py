"""`filters.secrets`: keys and passwords of services, by the forms that their issuers give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.message_text import code
from datarecipe.recipe.recipe import Recipe

FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]{1,10} ){0,3}PRIVATE KEY"),
    "an AWS key": re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "a Google key": re.compile(r"(?<![\w-])AIza[\w-]{35}(?![\w-])", re.ASCII),
    "a GitHub token": re.compile(r"(?<!\w)(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_\w{40,100})(?!\w)", re.ASCII),
    "a GitLab token": re.compile(r"(?<![\w-])glpat-[\w-]{20}(?![\w-])", re.ASCII),
    "a Slack token": re.compile(r"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,100}", re.ASCII),
    "a Stripe key": re.compile(r"(?<!\w)[rs]k_live_[A-Za-z0-9]{20,100}", re.ASCII),
    "an Anthropic key": re.compile(r"(?<![\w-])sk-ant-[\w-]{20,200}", re.ASCII),
    "an OpenAI key": re.compile(r"(?<![\w-])sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,200}", re.ASCII),
    "a Hugging Face token": re.compile(r"(?<!\w)hf_[A-Za-z0-9]{30,40}(?!\w)", re.ASCII),
    "a PyPI token": re.compile(r"(?<![\w-])pypi-AgEIcHlwaS[\w-]{50,300}", re.ASCII),
    "a web token (JWT)": re.compile(r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}", re.ASCII),
    "a password in an address": re.compile(
        r"\b[a-z][a-z+]{1,15}://[^\s/:@]{1,64}:[^\s/:@]{3,64}@[\w.-]{1,100}", re.ASCII
    ),
}
"""By what they are. Each repetition is bounded."""


class SecretsFilter:
    def __init__(self, recipe: Recipe) -> None:
        self._fields = recipe.fields

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - it is as much as to read the text
        """Names the kind and never repeats what was found."""
        for field in self._fields:
            for text in texts_within(example.get(field)):
                kind = next((kind for kind, form in FORMS.items() if form.search(text)), None)
                if kind is not None:
                    return f"{code(field)} has {kind}"
        return None
