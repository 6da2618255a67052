"""Drift: whether the examples of a run change with their distance from the seed examples.

generations.py        which generation an example belongs to: by depth or by order
independent_lanes.py  which examples came about independently of each other
text_vectors.py       a text as a vector of integers
adjustment.py         takes out what `vary` explains
lane_flips.py         the test: p, and where a change begins
holm.py               correction for several tests
curves.py             distances, spread, lengths and labels by generation
word_shift.py         words that came and went, with examples
drift.py              all of it for one run

All sums are sums of integers, so the figures are the same on every machine and for any order of the examples.
"""
