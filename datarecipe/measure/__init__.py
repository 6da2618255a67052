"""Measures of a dataset: functions of its examples, each with its formula and source.

sample.py     equal sizes, always the same ones
labels/       how evenly labels come, and what texts say of them
variety/      how much texts differ from each other
measures.py   all of them for one dataset
thresholds.py the bounds that a recipe has for them
drift/        whether the examples of a run change with their distance from the seed examples
"""
