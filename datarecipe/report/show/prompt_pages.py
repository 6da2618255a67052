"""The prompts of a run as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from datarecipe.report.read.run_data import LONGEST, RunData
from datarecipe.report.read.shown_prompts import Prompts, ShownPrompt
from datarecipe.report.show.browser_data import shown_value
from datarecipe.report.show.markup import Markup, cut, element, joined

_MOST_SEEDS: Final = 50
_MOST_MESSAGES: Final = 200


def prompt_page(run: RunData, prompts: Prompts) -> Markup:
    """The template and the seed examples as the recipe has them, then the prompts that were made of them."""
    return joined(_template(run), _seeds(run), _rendered(prompts))


def _template(run: RunData) -> Markup:
    instruction = run.recipe.get("instruction")
    if not isinstance(instruction, str):
        return Markup()
    return _folded("The instruction as the recipe has it, a template", _text(instruction), opened=True)


def _seeds(run: RunData) -> Markup:
    if not run.seeds:
        return Markup()
    shown = [_text(shown_value(seed)) for seed in run.seeds[:_MOST_SEEDS]]
    return _folded(f"Seed examples: {len(run.seeds):,}", *shown)


def _rendered(prompts: Prompts) -> Markup:
    if prompts.why:
        return element("p", f"No prompt is rendered: {prompts.why}.", class_="note")
    more = f" {prompts.left_out:,} other combinations are left out." if prompts.left_out else ""
    note = element(
        "p", f"Rendered again from the manifest: the first request of each combination of vary.{more}", class_="note"
    )
    return joined(note, [_prompt(prompt, opened=number == 0) for number, prompt in enumerate(prompts.shown)])


def _prompt(prompt: ShownPrompt, *, opened: bool) -> Markup:
    vary = ", ".join(f"{name}: {shown_value(value)}" for name, value in prompt.vary.items())
    title = f"Request {prompt.request + 1:,}{f' · {cut(vary, 200)}' if vary else ''}"
    return _folded(title, *_messages(prompt), opened=opened)


def _messages(prompt: ShownPrompt) -> Iterator[Markup]:
    for role, text in islice(prompt.messages, _MOST_MESSAGES):
        yield joined(element("h4", role), _text(text))


def _text(text: str) -> Markup:
    return element("pre", cut(text, LONGEST), dir="auto")


def _folded(title: str, *children: Markup, opened: bool = False) -> Markup:
    return element("details", element("summary", title, dir="auto"), *children, class_="prompt", open=opened)
