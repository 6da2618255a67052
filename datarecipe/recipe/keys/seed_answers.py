"""The answers and options of the seed examples: do they belong to the label space, with their types?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from string import ascii_lowercase

from datarecipe.errors import LabelError, Problem, SeedExampleError
from datarecipe.exchange import Json
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.keys.labels import same
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.keys.value_equality import composed, equality_key, folded, typed_key
from datarecipe.recipe.message_text import code, describe, did_you_mean, join, show
from datarecipe.recipe.recipe import LabelSpace, Scalar, Task
from datarecipe.recipe.source.document import Place, ScalarNode

_LISTED = 10
"""Labels that a message lists at most."""
_TWINS: tuple[tuple[Scalar, Scalar], ...] = ((True, "yes"), (False, "no"), ("true", "yes"), ("false", "no"))
"""What YAML 1.1 and people take for the same."""


def check_seed_answers(seeds: Sequence[Seed], task: Task, space: LabelSpace) -> None:
    """Every seed example's answer and options must belong to the label space, with their types.

    Raises:
        LabelError: with a problem for each that does not.
    """
    labels = _Answers(space.values)
    found = (problem for seed in seeds for problem in _seed_problems(seed, task, space, labels))
    problems = list(islice(found, MAX_PROBLEMS + 1))
    if problems:
        raise LabelError(*problems)


def check_seed_texts(seeds: Sequence[Seed], task: Task) -> None:
    """Some field beside answer and options must hold something in some seed example, if there is such a field at all.

    Without a label field that is any field.

    Raises:
        SeedExampleError: all are null, and a model that imitates them would write nothing else.
    """
    fields = [name for name in seeds[0].example if name not in (task.label_field, task.options_field)]
    if fields and all(seed.example[name] is None for seed in seeds for name in fields):
        one = "the seed example holds nothing" if len(seeds) == 1 else "no seed example holds anything"
        but = "" if task.label_field is None else " but its answer"
        message = f"{one}{but}: {join(map(code, fields), 'and')} {'is' if len(fields) == 1 else 'are'} null"
        hint = f"write a text into {join(map(code, fields), 'or')}"
        nodes = (seed.document.get((*seed.keys, name)) for seed in seeds for name in fields)
        if any(isinstance(node, ScalarNode) and node.text == "" for node in nodes):
            hint += "; in YAML a text that begins with `#` needs quotes, and in braces one with a comma in it"
        raise SeedExampleError(seeds[0].place(fields[0]).problem(message, hint))


class _Answers:
    """The labels, or the options of one seed example, to look answers up in."""

    def __init__(self, values: Iterable[Scalar]) -> None:
        self.values = tuple(values)
        self._typed = frozenset(map(typed_key, self.values))
        self._near: dict[str, Scalar] = {}
        for value in self.values:
            self._near.setdefault(folded(value), value)
            self._near.setdefault(equality_key(value), value)

    def __contains__(self, answer: Json) -> bool:
        return typed_key(answer) in self._typed

    def near(self, answer: Scalar) -> Scalar | None:
        """The one that is the same but for case, space, type or the way its characters are composed."""
        near = self._near.get(folded(answer))
        return self._near.get(equality_key(answer)) if near is None else near


def _seed_problems(seed: Seed, task: Task, space: LabelSpace, labels: _Answers) -> Iterator[Problem]:
    if task.label_field is None:
        return
    answer = seed.example[task.label_field]
    place = seed.place(task.label_field)
    if space.kind == "fixed":
        if answer not in labels:
            yield _not_a_label(place, task.label_field, answer, labels, "label")
        if task.options_field is not None:
            yield from _fixed_options(seed, task.options_field, space)
    elif space.kind == "per_example":
        assert task.options_field is not None
        yield from _own_options(seed, task.label_field, task.options_field, space)


def _not_a_label(place: Place, field: str, answer: Json, known: _Answers, role: str) -> Problem:
    labels = known.values
    near = known.near(answer) if isinstance(answer, bool | int | float | str) else None
    if near is not None:
        message = f"the answer in {code(field)} is {describe(answer)}, and the {role} is {describe(near)}"
        if how := composed(answer, near):
            message += f": {how}"
        return place.problem(message, f"write {show(near)} here, or {show(answer)} for the {role}")
    listed = ", ".join(show(label) for label in labels[:_LISTED]) + (", ..." if len(labels) > _LISTED else "")
    found = "is empty; it must be" if answer is None else "must be"
    wrong = "" if answer is None else f", not {describe(answer)}"
    message = f"the answer in {code(field)} {found} one of the {role}s {listed}{wrong}"
    return place.problem(message, _meant(answer, labels, role))


def _meant(answer: Json, labels: Sequence[Scalar], role: str) -> str | None:
    """Which label an answer that is none may mean."""
    if isinstance(answer, list) and len(answer) == 1:
        return f"an answer is one {role}, not a list"
    twin = next((label for pair in _TWINS if answer in pair for label in labels if label in pair), None)
    if twin is not None and isinstance(answer, bool | str):
        return f"write {show(twin)}: in recipes `yes` and `no` are text, `true` and `false` are booleans"
    if isinstance(answer, str) and role == "option" and len(answer) == 1:
        index = ascii_lowercase.find(answer.lower())
        if 0 <= index < len(labels):
            return f"write the option itself, not its letter: {show(labels[index])}"
    return (
        did_you_mean(answer, [label for label in labels if isinstance(label, str)]) if isinstance(answer, str) else None
    )


def _fixed_options(seed: Seed, field: str, space: LabelSpace) -> Iterator[Problem]:
    options = seed.example[field]
    if isinstance(options, list) and len(options) == len(space.values) and all(map(same, options, space.values)):
        return
    message = f"the options in {code(field)} must be the labels in their order, {show(list(space.values))}"
    if isinstance(options, list) and len(options) == len(space.values):
        index = next(i for i, value in enumerate(options) if not same(value, space.values[i]))
        yield seed.place(field, index).problem(f"{message}; here is {describe(options[index])}")
        return
    yield seed.place(field).problem(f"{message}; here is {describe(options)}")


def _other_number(options: Json) -> str | None:
    if not isinstance(options, list):
        return None
    return f"add or remove options, or write `labels: {{per_example: {len(options)}}}`" if len(options) > 1 else None


def _own_options(seed: Seed, label_field: str, field: str, space: LabelSpace) -> Iterator[Problem]:
    options = seed.example[field]
    place = seed.place(field)
    if not isinstance(options, list) or len(options) != space.options:
        wanted = f"a list of {space.options} options, as `labels: {{per_example: {space.options}}}` says"
        yield place.problem(f"{code(field)} must be {wanted}, not {describe(options)}", _other_number(options))
        return
    seen: dict[str, Scalar] = {}
    for index, option in enumerate(options):
        place = seed.place(field, index)
        if not isinstance(option, bool | int | float | str):
            yield place.problem(f"an option is text, a number, true or false, not {describe(option)}")
        elif not folded(option):
            yield place.problem("an option cannot be empty", "an answer is matched without the white space around it")
        elif folded(option) in seen:
            twin = seen[folded(option)]
            how = "twice" if same(twin, option) else f"beside {describe(twin)}"
            hint = composed(option, twin) or "options must differ in more than case, space and type"
            yield place.problem(f"{describe(option)} stands in {code(field)} {how}", hint)
        else:
            seen[folded(option)] = option
    answer = seed.example[label_field]
    own = _Answers(option for option in options if isinstance(option, bool | int | float | str))
    if answer not in own:
        yield _not_a_label(seed.place(label_field), label_field, answer, own, "option")
