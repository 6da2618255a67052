"""The instruction: a template in the recipe or in a file of its own, checked as far as that goes without rendering it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from datarecipe.errors import WARNING, Problem, TemplateError
from datarecipe.recipe.keys.seeds import ReadFile
from datarecipe.recipe.source.document import Document, ScalarNode
from datarecipe.recipe.source.paths import is_path
from datarecipe.recipe.source.text_place import TextPlace, place_of_file, place_of_value
from datarecipe.recipe.template import TemplateFinding, check_template


@dataclass(frozen=True, slots=True)
class Instruction:
    """A template's text, and where it stands."""

    text: str
    place: TextPlace


def read_instruction(document: Document, read_file: ReadFile) -> Instruction:
    """The instruction of a recipe.

    Raises:
        TemplateError: its file is empty.
        RecipeError: its file cannot be read.
    """
    node = document.get(("instruction",))
    assert isinstance(node, ScalarNode)
    written = str(node.value)
    if not is_path(written):
        return Instruction(written, place_of_value(node))
    file = read_file(written, node.place)
    text = file.text
    if not text.strip():
        raise TemplateError(
            node.place.problem(f"the instruction's file {file.name} is empty", "write the template into it")
        )
    return Instruction(text, place_of_file(file))


def check_instruction(
    instruction: Instruction, variables: Collection[str], vary: Collection[str], *, fixed_labels: bool
) -> tuple[Problem, ...]:
    """What is legal in the template and surely not meant.

    Raises:
        TemplateError: with all that is wrong with it.
    """
    findings = check_template(instruction.text, vars=variables, vary=vary, fixed_labels=fixed_labels)
    problems = [_problem(instruction.place, finding) for finding in findings]
    errors = [problem for problem in problems if problem.kind != WARNING]
    if errors:
        raise TemplateError(*errors)
    return tuple(problems)


def _problem(place: TextPlace, finding: TemplateFinding) -> Problem:
    at = place.at(finding.line, finding.column, finding.end_column)
    if finding.severity == WARNING:
        return at.warning(f"instruction: {finding.message}", finding.hint)
    return at.problem(f"instruction: {finding.message}", finding.hint)
