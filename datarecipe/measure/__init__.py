"""Measures of a dataset: functions of its examples, each with its formula and source.

sample.py        equal sizes, always the same ones
diversity.py     how much its texts repeat each other
label_balance.py how evenly its labels come
learnability.py  whether a simple classifier learns them from the texts
measures.py      all of them for one dataset
drift/           whether the examples of a run change with their distance from the seed examples
"""
