"""A person's judgement of a dataset: a blind sample, verdicts in files, and what they say.

    sample/    draws examples of runs and files, and mixes them without what would give them away
    judge/     a review under way, its local page and its terminal
    verdicts/  the lines of a file of verdicts, read and written
    results/   shares with intervals, agreement of reviewers, the dataset without what was struck out
    page/      the page: HTML, style and script

Reads finished runs. May import: `report` for its markup, `measure`, `run_folder`, `generate`, `recipe` and what lies below;
never `llm` or `running`.
"""
