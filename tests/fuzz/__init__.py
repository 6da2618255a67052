"""A fuzzer for recipes, and for the seeds, templates and schemas that they name: `python -m tests.fuzz --count 100000`.

The promise: whatever the files of a recipe hold, loading and checking it succeeds, or raises a `DatarecipeError` with a
text that a terminal can show; and it takes neither long nor much memory. CONTRIBUTING.md says how to run it.

    corpus.py    the projects that mutants are made of: the shipped recipes, and those in corpus/
    tree.py      values as they stand in a file, and how they are written as YAML and JSON
    values.py    interesting values and texts
    trees.py, lines.py, octets.py, instructions.py, schemas.py    the mutators, one kind each
    mutant.py    (seed, number) -> the files of one input
    trial.py     one input is written, loaded and measured
    campaign.py  many of them, in processes with limits
    report.py    what came of it
"""
