"""How long a user waits for a command that calls no model: `python -m benchmarks.validation [--runs N] [--write]`

Whole processes, one after another, in turns: each round runs every command once, so that a slow moment of the machine
hits all of them alike. The bare interpreter is one of them: what a command takes beyond it is ours. Then one process
validates a folder of 1,000 recipes that extend one base. `--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.page import measured_with, write_table
from benchmarks.process import Cost, cost_of, middle
from datarecipe.recipe import shipped_recipes

RECIPES = 1_000
TOPICS = 40
FOLDER_RUNS = 3

BARE = "the interpreter alone (`python -c pass`)"
HELP = "`datarecipe --help`"
VALIDATE = "`datarecipe validate boolq`"
FOLDER = f"`datarecipe validate recipes/`, {RECIPES:,} recipes"

LIMITS: Mapping[str, float] = {HELP: 0.15, VALIDATE: 0.25, FOLDER: 10.0}
"""Seconds that a command may take; for `--help` and `validate` beyond the bare interpreter."""


def write_project(root: Path) -> None:
    """1,000 recipes with a name, a description and a value of their own; base, template and seeds in common."""
    for name in ("recipes/bases", "templates", "seeds"):
        (root / name).mkdir(parents=True)
    (root / "templates" / "questions.j2").write_text(
        "You write training data. What the data is: {{ description }}\n\n"
        'Write {{ batch_size }} new examples with the fields {{ fields | join(", ") }}, about {{ vary.topic }},\n'
        "for {{ vars.audience }}. The label is one of: {{ labels | join(', ') }}.\n"
        "{% for rule in vars.rules %}\n- {{ rule }}\n{% endfor %}\n"
    )
    seeds = [
        {"answer": answer, "question": f"Is this question number {number}?"}
        for number, answer in enumerate(["yes", "no", "yes", "no"])
    ]
    (root / "seeds" / "questions.json").write_text(json.dumps(seeds))
    topics = "\n".join(f"    - topic number {number}" for number in range(TOPICS))
    (root / "recipes" / "bases" / "questions.yaml").write_text(
        "recipe: 1\ntask: yes_no\nlabels: [yes, no]\nstrategy: tree\ntarget_size: 500\n"
        "instruction: ../../templates/questions.j2\nseed_example: ../../seeds/questions.json\n"
        f"vars:\n  audience: everybody\n  rules: [Be brief., Be kind.]\nvary:\n  topic:\n{topics}\n"
    )
    for number in range(RECIPES):
        (root / "recipes" / f"questions_{number:04}.yaml").write_text(
            f"recipe: 1\nextends: bases/questions.yaml\nname: questions_{number:04}\n"
            f"description: Questions for group {number}.\nvars: {{audience: group {number}}}\n"
        )


def measured(runs: int) -> dict[str, Cost]:
    """The median costs of everything, by its name in the table."""
    program = [sys.executable, "-m", "datarecipe"]
    commands = {
        BARE: [sys.executable, "-c", "pass"],
        HELP: [*program, "--help"],
        VALIDATE: [*program, "validate", "boolq"],
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_project(folder)
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for number in range(runs + 1):
            for name, command in commands.items():
                cost = cost_of(command, folder)
                if number:  # the first round fills the caches of bytecode and of the disk
                    costs[name].append(cost)
        each = {recipe: cost_of([*program, "validate", recipe], folder) for recipe in shipped_recipes()}
        slowest = max(each, key=lambda recipe: each[recipe].wall)
        command = [*program, "validate", "recipes/"]
        costs[FOLDER] = [cost_of(command, folder) for _ in range(FOLDER_RUNS)]
    result = {name: middle(found) for name, found in costs.items()}
    worst = f"`datarecipe validate {slowest}`, the slowest of the {len(each)} shipped ones (one run)"
    return {**{name: result[name] for name in commands}, worst: each[slowest], FOLDER: result[FOLDER]}


def table(costs: Mapping[str, Cost], runs: int) -> Iterator[str]:
    """The lines of the table, with what it was measured on."""
    bare = costs[BARE]
    yield "| command | seconds | beyond the interpreter | at most | of the processor |"
    yield "|---|---:|---:|---:|---:|"
    for name, cost in costs.items():
        limit = LIMITS.get(name)
        beyond = "" if name == BARE else f"{cost.wall - bare.wall:.3f}"
        at_most = "" if limit is None else f"{limit:g}"
        yield f"| {name} | {cost.wall:.3f} | {beyond} | {at_most} | {cost.processor:.3f} |"
    yield ""
    yield measured_with("click", "jinja2", "jsonschema", "pyyaml")
    yield f"Medians of {runs} runs, of the folder {FOLDER_RUNS}."


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    costs = measured(arguments.runs)
    lines = list(table(costs, arguments.runs))
    print(*lines, sep="\n")
    beyond = {name: cost.wall - (0 if name == FOLDER else costs[BARE].wall) for name, cost in costs.items()}
    for name, limit in LIMITS.items():
        if beyond[name] > limit:
            print(f"missed: {name} takes {beyond[name]:.2f} s, at most {limit:g} s are wanted")
    if arguments.write:
        write_table("validation", lines)


if __name__ == "__main__":
    main()
