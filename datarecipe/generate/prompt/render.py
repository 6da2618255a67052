"""Recipe and formatting example -> the content of a request.

The instruction is a template from a recipe that may be a stranger's: `datarecipe.recipe.template` renders it within
bounds. Here it gets its values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from datarecipe.errors import Problem, TemplateError
from datarecipe.exchange import Content, Example, Json, Messages, without_system
from datarecipe.generate.prompt.embedded_prompt import embedded_messages, items_of, rotations
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.response_format import response_format
from datarecipe.generate.prompt.vary import FIRST, Turn, Turns, Vary
from datarecipe.generate.prompt.wanted_values import WantedValues
from datarecipe.printable import printable
from datarecipe.recipe.recipe import IN_INSTRUCTION, Recipe
from datarecipe.recipe.template import (
    LIMITS,
    TemplateFinding,
    TemplateLabels,
    TemplateRefused,
    check_template,
    compile_template,
)

RENDERED_AT_ONCE = 1000
"""Combinations of `vary` that are rendered before a run; with more of them, each value at least once."""

_WORK_AT_ONCE = 20 * LIMITS.operations
"""What rendering before a run may take in all, operations and characters counted alike: a template that uses up its bounds
is rendered for some combinations only."""

_FORMATS_KEPT = 100
"""Response formats that are kept: the embedded model has one for each batch of labels."""

_KEPT = 20_000_000
"""Characters of rendered instructions that are kept; beyond them each is rendered again when it is needed."""


class Renderer:
    """Renders the requests of one recipe for one model."""

    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        """Compile the instruction. Raises `TemplateError`, with lines and columns within the template."""
        self._recipe = recipe
        self._model = model
        self.vary = Vary(recipe.vary, recipe.vary_weights)
        self._embedded = model.profile.layout == "embedded"
        self.rotations = rotations(recipe) if self._embedded else 1
        """How many batches of labels the model is given in turn."""
        self.wanted = WantedValues.of(recipe, items_of(recipe) if self._embedded else recipe.batch_size)
        """The values of `filters.balance` that requests ask for."""
        try:
            self._template = compile_template(recipe.instruction)
        except TemplateRefused as refused:
            raise self._errors(refused) from None
        self._work = 0
        self._kept = 0
        self._response_format = lru_cache(_FORMATS_KEPT)(partial(response_format, recipe, model))
        self._instructions: dict[tuple[int, int, int], str] = {}
        self._reads_draw = self._template.reads("draw")
        self._reads_balance = bool(self.wanted.cycle) and self._template.reads("balance")
        self._steady = self._template.steady_parts(("vary", "draw", "balance"))

    def turns(self, beside: int) -> Turns:
        """Whose turn it is, for `beside` other things that come round with the places."""
        wanted = self.wanted
        seed = self._recipe.random_seed
        return Turns(self.vary, self.rotations, seed, beside, cycle=len(wanted.cycle) or 1, each=wanted.each)

    def check(self) -> None:
        """Render the instruction for the values of `vary`: a mistake must show before anything is paid.

        Raises `TemplateError`, as `content` would.
        """
        for turn in self._first_turns():
            self.instruction(turn)
            if self._work > _WORK_AT_ONCE:
                break

    def _first_turns(self) -> Iterator[Turn]:
        """What is rendered before a run: combinations of `vary`, and numbers of requests where the template reads `draw`."""
        yield from map(Turn, self.vary.sample(RENDERED_AT_ONCE))
        if self._reads_draw:
            requests = -(-self._recipe.target_size // self._recipe.batch_size)
            yield from (Turn(draw=draw) for draw in range(min(requests, RENDERED_AT_ONCE) + 1))
        if self._reads_balance:
            yield from (Turn(wanted=start) for start in range(min(len(self.wanted.cycle), RENDERED_AT_ONCE)))

    def instruction(self, turn: Turn = FIRST) -> str:
        """The system message. A template that does not say which values are wanted gets a sentence that does."""
        text = self._rendered(turn)
        # The embedded model's grammar says it.
        said = "" if self._reads_balance or self._embedded else self.wanted.sentence(turn.wanted)
        return f"{text}\n\n{said}" if said else text

    def _rendered(self, turn: Turn) -> str:
        key = turn.combination, turn.draw if self._reads_draw else 0, turn.wanted if self._reads_balance else 0
        text = self._instructions.get(key)
        if text is None:
            text = self._render(turn)
            if self._kept < _KEPT:
                self._kept += len(text)
                self._instructions[key] = text
        return text

    def content(self, example: Example, text: str, turn: Turn = FIRST) -> Content:
        """The content of the request with the formatting example `example`, whose JSON is `text`."""
        return Content(
            model=self._model.name,
            messages=self._messages(example, text, turn),
            sampling=self._model.sampling,
            response_format=self._response_format(turn.rotation, turn.wanted if self._embedded else 0),
            api_base=self._model.api_base,
        )

    def _messages(self, example: Example, text: str, turn: Turn) -> Messages:
        instruction = self.instruction(turn)
        match self._model.profile.layout:
            case "embedded":
                vary = self.vary.combination(turn.combination)
                return embedded_messages(self._recipe, instruction, example, vary)
            case "user_only":
                return without_system((("system", instruction), ("user", text)))
            case "system_and_user":
                return (("system", instruction), ("user", text))

    def _render(self, turn: Turn) -> str:
        recipe = self._recipe
        space = recipe.labels
        seen: dict[str, Any] = {
            "batch_size": recipe.batch_size,
            "labels": TemplateLabels(space.values, space.kind, space.options),
            "fields": recipe.fields,
            "description": recipe.description,
            "vars": recipe.vars,
            "vary": self.vary.combination(turn.combination),
            "draw": turn.draw,
            "balance": self.wanted.at(turn.wanted),
        }
        try:
            rendered = self._template.measured(seen, self._steady)
            self._work += rendered.operations + rendered.characters + len(rendered.text)
            return _sendable(rendered.text.strip())
        except TemplateRefused as refused:
            raise TemplateError(_problem(refused)) from None

    def _errors(self, refused: TemplateRefused) -> TemplateError:
        """All that is wrong with a template that does not compile, not what stopped the compiler alone."""
        recipe = self._recipe
        fixed = recipe.labels.kind == "fixed"
        found = check_template(recipe.instruction, vars=recipe.vars, vary=recipe.vary, fixed_labels=fixed)
        errors = [finding for finding in found if finding.severity == "error"]
        return TemplateError(*([_problem(finding) for finding in errors] or [_problem(refused)]))


def _problem(found: TemplateFinding | TemplateRefused) -> Problem:
    """A mistake in the template, with its line and column there."""
    hint = None if found.hint is None else printable(found.hint)
    message = printable(f"instruction: {found.message}")
    return Problem(message, IN_INSTRUCTION, found.line, found.column, hint, found.end_column)


def _sendable(text: str) -> str:
    """`text`, when it can be a message. Raises `TemplateRefused`."""
    if not text:
        raise TemplateRefused("renders to nothing")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TemplateRefused("renders half of a surrogate pair, which is no character") from None
    return text


def example_text(example: Mapping[str, Json]) -> str:
    """An example as JSON, as it stands in a prompt."""
    return json.dumps(example, ensure_ascii=False)
