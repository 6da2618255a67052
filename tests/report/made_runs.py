"""Finished runs to report on: made by the real dispatcher, from replies as models write them and worse ones."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.openai_author import _WORDS, Body, Reply
from tests.openai_server import OpenAIServer, Seen
from tests.runs import recipe_with, run, setup_for, write_recipe

REVIEWS = """\
recipe: 1
name: reviews
description: Short reviews of things people buy.
task: classification
instruction: |
  Write {{ batch_size }} new reviews about {{ vary.topic }}. Labels: {{ labels | join(", ") }}.
seed_example: {label: good, text: "A fine old house near the river."}
labels: [good, bad]
strategy: tree
target_size: 60
vary:
  topic: [houses, gardens, boats]
filters:
  near_duplicates: 0.7
  decontaminate: held_out.jsonl
"""

HELD_OUT = {"text": "Quick brown foxes jump over exactly seven lazy dogs every single morning"}

HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 2"> and <svg onload="window.pwned = 3">',
    "<!-- <script> \u2028 ]]> &lt;b&gt; {{ 7 * 7 }} @@data@@",
    "reads \u202eright to left\u202c and \u2067isolated\u2069 and \ufeffhidden",
    'javascript:window.pwned=4//" style="position:fixed" onclick="window.pwned=5',
    "https://collect.invalid/?q=secret <a href=https://collect.invalid>click</a>",
)
"""Texts that a model may write, and that must stay texts."""


@dataclass(frozen=True)
class ReviewAuthor:
    """Writes reviews: most are fine, some are nearly one another, some repeat a held-out text, some are no JSON."""

    hostile: bool = False

    def __call__(self, body: Body) -> Reply:
        """The reply to a request, always the same one."""
        chance = random.Random(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest())
        items = [self._item(chance) for _ in range(5)]
        if chance.random() < 0.2:
            near = dict(items[0], text=items[0]["text"] + " Really.")
            items[1] = near
        if chance.random() < 0.1:
            items[2]["text"] = f"Note: {HELD_OUT['text']}!"
        if chance.random() < 0.1:
            return Reply("I am sorry, I cannot do that.")
        return Reply(json.dumps({"examples": items}, ensure_ascii=False))

    def _item(self, chance: random.Random) -> dict[str, Any]:
        text = " ".join(chance.choices(_WORDS, k=12)).capitalize() + "."
        if self.hostile:
            text = f"{text} {chance.choice(HOSTILE)}"
            if chance.random() < 0.02:
                text += "long " * 20_000
        return {"label": chance.choice(["good", "bad", "good", "no such label"]), "text": text}


@dataclass(frozen=True)
class Made:
    """A run's folder, and what the server saw of it."""

    folder: Path
    seen: list[Seen]


def make(place: Path, *, name: str = "reviews", hostile: bool = False, **overrides: Any) -> Made:
    """Run the recipe to its end."""
    recipe = write_recipe(place, REVIEWS.replace("name: reviews", f"name: {name}"), name)
    (recipe.parent / "held_out.jsonl").write_text(json.dumps(HELD_OUT) + "\n", encoding="utf-8")
    output = place / "runs" / name
    with OpenAIServer(ReviewAuthor(hostile=hostile)) as server:
        done = run(setup_for(recipe_with(recipe, **overrides), server.base_url, output, place / "cache"))
        assert done.exit_code == 0
        return Made(output, list(server.seen))
