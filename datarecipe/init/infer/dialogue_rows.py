"""Dialogues in the user's rows: what is wrong with one, which ones become seed examples, and what these do not show.

The roles of a dataset, and how their turns follow each other, are those of its seed examples; a run rejects all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.init.draft import Finding
from datarecipe.init.infer.pick_seeds import pick
from datarecipe.init.read.table import Row, Table
from datarecipe.init.value_names import listed
from datarecipe.recipe.example_schema.dialogue import Dialogue, dialogues
from datarecipe.recipe.keys.turns import form_of, lack
from datarecipe.recipe.message_text import show


def pick_dialogues(rows: Sequence[Row], count: int) -> list[Row]:
    """`count` typical rows, those first that end with the role that most rows end with. They take turns over the sets of
    roles, the most common one first. Rows without a dialogue are all alike.
    """
    names = [*dialogues([row.values for row in rows])]
    heard = {row.place: [*_dialogues(row.values, names).values()] for row in rows}
    roles = {place: tuple(tuple(sorted(one.roles)) for one in each) for place, each in heard.items()}
    counts = Counter(roles.values())
    # Of equally common sets the larger one: a recipe that knows a system message takes dialogues without it too.
    turns = sorted(counts, key=lambda key: (-counts[key], -sum(map(len, key)), key))
    usual, _ = _usual(_ends(each) for each in heard.values())
    groups = [[row for row in rows if (_ends(heard[row.place]) == usual) is is_usual] for is_usual in (True, False)]
    picked = [row for group in groups if group for row in pick(group, count, lambda row: roles[row.place], turns)]
    return picked[:count]


def what_seeds_lack(rows: Sequence[Row], seeds: Sequence[Example]) -> Iterator[Finding]:
    """What dialogues of the rows show and no seed example does, so that a run rejects it."""
    shown = dialogues(seeds)
    told = [(row.values, _dialogues(row.values, shown)) for row in rows]
    seen = [_dialogues(seed, shown) for seed in seeds]
    for name, dialogue in shown.items():
        where = f" in {show(name)}" * (len(shown) > 1)
        heard = [(values[name], found[name]) for values, found in told if name in found]
        of_all = f"of {len(heard):,} rows"
        known = {*dialogue.roles}
        others = [[role for role in one.roles if role not in known] for _, one in heard]
        if counts := Counter(role for roles in others for role in roles):
            roles = listed([show(role) for role, _ in counts.most_common()])
            yield Finding("note", f"{sum(map(bool, others)):,} {of_all} also have {roles}{where}", "", "--seeds N")
        usual, times = _usual(_ends([one]) for _, one in heard)
        for (last,) in sorted({_ends([found[name]]) for found in seen} - {usual}):
            why = f"{times:,} {of_all} end with {show(usual[0])}"
            yield Finding("note", f"a seed example ends with {show(last)}{where}", why)
        faults = Counter(dialogue.fault(turns) for (turns, _), roles in zip(heard, others, strict=True) if not roles)
        for fault, times in faults.most_common():
            if fault is not None:
                yield Finding("note", f"{times:,} {of_all} would be rejected{where}", fault)


def check_turns(table: Table, name: str) -> None:
    """Refuse a field with turns of a dialogue among which one lacks who speaks, or what is said.

    Raises:
        UsageError: with the row and the number of the turn.
    """
    rows = [(row.place, value) for row in table.rows if isinstance(value := row.values.get(name), list)]
    keys = next((form for _, value in rows if (form := form_of(name, value)) is not None), None)
    if keys is not None:
        for place, value in rows:
            for number, turn in enumerate(value, 1):
                if (wrong := lack(turn, keys, show)) is not None:
                    where = f"{table.source}: {table.unit} {place:,}: turn {number:,} of {show(name)}"
                    hint = f"Each turn of a dialogue is an object with {show(keys[0])}, a text, and {show(keys[1])}"
                    has = f"; this one has {listed([*map(show, turn)])}" if isinstance(turn, dict) and turn else ""
                    raise UsageError(f"{where} {wrong}", hint=f"{hint}{has}.")


def _dialogues(values: Example, names: Iterable[str]) -> Mapping[str, Dialogue]:
    """Those of these fields of one row that hold a dialogue, in this order."""
    return dialogues([{name: values.get(name) for name in names}])


def _ends(heard: Iterable[Dialogue]) -> tuple[str, ...]:
    """Who speaks last in each dialogue of a row."""
    return tuple(one.last or "" for one in heard)


def _usual(ends: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], int]:
    """The most common one, and how often it comes."""
    counts = Counter(ends)
    return min(counts.items(), key=lambda item: (-item[1], item[0]))
