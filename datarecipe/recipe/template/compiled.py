"""Compile and render a template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any

import jinja2
from jinja2.compiler import generate
from jinja2.exceptions import SecurityError, TemplateAssertionError, TemplateError, UndefinedError

from datarecipe.recipe.message_text import join, shorten
from datarecipe.recipe.template.checking.syntax import Tree, parse
from datarecipe.recipe.template.checking.tokens import Place
from datarecipe.recipe.template.context import MeteredContext
from datarecipe.recipe.template.environment import MeteredEnvironment
from datarecipe.recipe.template.metering.bounds import Limits, TemplateBoundError, TemplateRefused
from datarecipe.recipe.template.metering.meter import Meter
from datarecipe.recipe.template.values import KNOWN_NAMES

_NO_KEY = re.compile(r"^'dict object' has no attribute '(.+)'$")

_FILE = "<template>"
"""How Jinja names the code of a template that has no file."""

_LONGEST_MESSAGE = 300

_OUR_PREFIX = re.compile(r"\bl_\d+_")
"""What Jinja puts before the names of a template in Python."""

_TABLE = re.compile(r"(\d+)=(\d+)")

_SECURE = "a template reads plain data, and changes none of it"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, and how many operations it took (`Limits.operations` is the most)."""

    text: str
    operations: int
    characters: int
    """Characters of all texts that were made on the way (`Limits.characters` is the most)."""


class CompiledTemplate:
    """A template that is ready to be rendered, any number of times."""

    def __init__(self, template: jinja2.Template, limits: Limits) -> None:
        self._template = template
        self._limits = limits

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for `values`, a value for each name that the template sees.

        Raises `TemplateRefused` with the line where it fails, and `TemplateBoundError` where it would do too much.
        """
        return self.measured(values).text

    def measured(self, values: Mapping[str, Any]) -> Rendered:
        """As `render`, and what it took."""
        context = self._template.new_context(dict(values))
        assert isinstance(context, MeteredContext)
        meter = context.meter = Meter(self._limits)
        pieces: Iterator[str] = self._template.root_render_func(context)
        try:
            return Rendered(self._collected(pieces), meter.operations, meter.characters)
        except TemplateRefused as refused:
            if refused.line is None:
                refused.line = self._line_of(refused.__traceback__)
            raise
        except UndefinedError as error:
            hint = f"a template sees {join(KNOWN_NAMES, 'and')}"
            said = _NO_KEY.sub(r"there is no `\1` in the mapping that is asked for it", error.message or "undefined")
            raise self._refused(said, error, hint) from None
        except SecurityError as error:
            raise self._refused(str(error), error, _SECURE) from None
        except (RecursionError, MemoryError) as error:
            line = self._line_of(error.__traceback__)
            raise TemplateBoundError("nests its work too deep", line=line, hint="write it plainer") from None
        except Exception as error:  # noqa: BLE001
            # A template is a small program of a stranger's: whatever it raises is its own fault, and no defect of ours.
            raise self._refused(f"{type(error).__name__}: {error}", error, None) from None

    def _collected(self, pieces: Iterator[str]) -> str:
        texts: list[str] = []
        length = 0
        for piece in pieces:
            texts.append(piece)
            length += len(piece)
            if length > self._limits.rendered:
                frame = getattr(pieces, "gi_frame", None)
                raise TemplateBoundError(
                    f"renders to more than {self._limits.rendered:,} characters; {self._limits.rendered:,} is the limit",
                    line=self._template.get_corresponding_lineno(frame.f_lineno) if frame is not None else None,
                    hint="a prompt of this length fits into few models. Loop over less",
                )
        return "".join(texts)

    def _refused(self, message: str, error: BaseException, hint: str | None) -> TemplateRefused:
        if len(message) > _LONGEST_MESSAGE:
            message = message[:_LONGEST_MESSAGE] + "..."
        return TemplateRefused(message, line=self._line_of(error.__traceback__), hint=hint)

    def _line_of(self, trace: TracebackType | None) -> int | None:
        """The template's line that was at work when an error was raised."""
        line = None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == _FILE:
                line = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return line


@lru_cache(maxsize=64)
def compiled(text: str, limits: Limits) -> CompiledTemplate:
    """Compile the template `text`. Raises `TemplateRefused` with the first thing that is wrong.

    A run compiles its template several times, and recipes with one base have one template: it is kept.
    """
    environment = MeteredEnvironment()
    return generated(environment, parse(environment, text, limits, all_mistakes=False), limits)


def generated(environment: MeteredEnvironment, tree: Tree, limits: Limits) -> CompiledTemplate:
    """Make Python of a tree, which is used up by that."""
    if tree.findings:
        finding = tree.findings[0]
        kind = TemplateBoundError if tree.bound else TemplateRefused
        place = {"line": finding.line, "column": finding.column, "end_column": finding.end_column}
        raise kind(finding.message, **place, hint=finding.hint)
    assert tree.root is not None
    try:
        source = generate(tree.root, environment, None, None, optimized=False) or ""
        code = compile(source, _FILE, "exec")
        template = environment.template_class.from_code(environment, code, environment.globals)
    except TemplateAssertionError as error:
        token = error.lineno.token if isinstance(error.lineno, Place) else None
        raise TemplateRefused(
            error.message or "does not compile",
            line=int(error.lineno),
            column=token.column if token is not None else None,
            end_column=token.end_column if token is not None else None,
        ) from None
    except TemplateError as error:
        raise TemplateRefused(error.message or "does not compile") from None
    except (RecursionError, MemoryError, IndentationError):
        raise TemplateBoundError("the template nests too deep", hint="write it plainer") from None
    except SyntaxError as error:
        said = _OUR_PREFIX.sub("", error.msg)
        raise TemplateRefused(f"cannot be compiled: {said}", line=_template_line(source, error.lineno or 1)) from None
    except Exception as error:  # noqa: BLE001 - Jinja makes Python of it, which has limits of its own
        raise TemplateRefused(f"cannot be compiled: {shorten(str(error))}") from None
    return CompiledTemplate(template, limits)


def _template_line(source: str, line: int) -> int | None:
    """The template's line that became the line `line` of the Python `source`, which ends with a table of them."""
    found = None
    for pair in _TABLE.findall(source.rpartition("\n")[2]):
        if int(pair[1]) <= line:
            found = int(pair[0])
    return found
