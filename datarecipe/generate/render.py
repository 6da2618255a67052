"""Recipe and formatting example -> the content of a request.

The instruction is a Jinja template from a recipe that may be a stranger's: it runs in the immutable sandbox, with strict
undefined and no loader, and sees plain data alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from datarecipe.errors import TemplateError
from datarecipe.exchange import Content, Example, Json
from datarecipe.generate.embedded import embedded_messages
from datarecipe.generate.profile import ModelSettings
from datarecipe.generate.vary import Vary
from datarecipe.generate.wire import response_format
from datarecipe.recipe.model import LabelSpace, Recipe, Scalar

MAX_RENDERED = 200_000
"""Characters that an instruction may render to."""

RENDERED_AT_ONCE = 1000
"""Combinations of `vary` that are rendered before a run; with more of them, each value at least once."""

_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+[^<>]*>")
"""How Python writes a method, a generator and the like: with its address in memory, which is another in every run."""


class TemplateLabels(tuple["Scalar", ...]):
    """What a template sees as `labels`: the labels themselves, with `kind`, `values` and `options` beside them."""

    kind: str
    options: int

    def __new__(cls, space: LabelSpace) -> TemplateLabels:
        """Take the labels of `space`."""
        labels = super().__new__(cls, space.values)
        labels.kind = space.kind
        labels.options = space.options
        return labels

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The labels of a fixed label space; empty otherwise."""
        return tuple(self)


class Renderer:
    """Renders the requests of one recipe for one model."""

    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        """Compile the instruction, and render it for the values of `vary`: a mistake must show before anything is paid.

        Raises `TemplateError` when it does not compile or does not render.
        """
        self._recipe = recipe
        self._model = model
        self.vary = Vary(recipe.vary, recipe.random_seed, len(recipe.seed_examples))
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
        )
        # A request is a function of the recipe: nothing random.
        del environment.filters["random"], environment.globals["lipsum"]
        self._template = self._compile(environment)
        self._response_format = response_format(recipe, model)
        self._instructions: dict[int, str] = {}
        for combination in self.vary.sample(RENDERED_AT_ONCE):
            self.instruction(combination)

    def instruction(self, combination: int) -> str:
        """The rendered instruction for a combination of `vary`."""
        text = self._instructions.get(combination)
        if text is None:
            text = self._instructions[combination] = self._render(combination)
        return text

    def content(self, example: Example, text: str, combination: int) -> Content:
        """The content of the request with the formatting example `example`, whose JSON is `text`."""
        return Content(
            model=self._model.name,
            messages=self._messages(example, text, combination),
            sampling=self._model.sampling,
            response_format=self._response_format,
            api_base=self._model.api_base,
        )

    def _messages(self, example: Example, text: str, combination: int) -> tuple[tuple[str, str], ...]:
        instruction = self.instruction(combination)
        match self._model.profile.layout:
            case "embedded":
                vary = self.vary.combination(combination)
                return embedded_messages(self._recipe, instruction, example, vary)
            case "user_only":
                return (("user", f"{instruction}\n\n{text}"),)
            case "system_and_user":
                return (("system", instruction), ("user", text))

    def _compile(self, environment: jinja2.Environment) -> jinja2.Template:
        try:
            return environment.from_string(self._recipe.instruction)
        except jinja2.TemplateSyntaxError as error:
            raise self._error(error.message or "does not compile", error.lineno) from None
        except Exception as error:  # noqa: BLE001 - Jinja makes Python of it, which has limits of its own
            raise self._error(f"cannot be compiled: {error}", None) from None

    def _render(self, combination: int) -> str:
        recipe = self._recipe
        seen: dict[str, Any] = {
            "batch_size": recipe.batch_size,
            "labels": TemplateLabels(recipe.labels),
            "fields": recipe.fields,
            "description": recipe.description,
            "vars": recipe.vars,
            "vary": self.vary.combination(combination),
        }
        try:
            text = self._template.render(seen).strip()
        except jinja2.UndefinedError as error:
            hint = "A template sees batch_size, labels, fields, description, vars and vary."
            raise self._error(error.message or "undefined", _line_of(error), hint) from None
        except Exception as error:  # noqa: BLE001
            # A template is a small program of a stranger's: whatever it raises is its own fault, and no defect of ours.
            raise self._error(f"{type(error).__name__}: {error}", _line_of(error)) from None
        if len(text) > MAX_RENDERED:
            raise self._error(f"renders to {len(text):,} characters; {MAX_RENDERED:,} is the limit", None)
        if not text:
            raise self._error("renders to nothing", None)
        if address := _ADDRESS.search(text):
            raise self._error(
                f"{address.group()} cannot be written into a prompt: is a pair of brackets missing?", None
            )
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._error("renders half of a surrogate pair, which is no character", None) from None
        return text

    def _error(self, message: str, line: int | None, hint: str | None = None) -> TemplateError:
        return TemplateError(self._recipe.instruction_place.at(line).problem(f"instruction: {message}", hint))


def example_text(example: Mapping[str, Json]) -> str:
    """An example as JSON, as it stands in a prompt."""
    return json.dumps(example, ensure_ascii=False)


def _line_of(error: BaseException) -> int | None:
    """The template's line where `error` was raised: Jinja names its frames `<template>`."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
