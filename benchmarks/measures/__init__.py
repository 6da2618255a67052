"""What the measures of `datarecipe stats` say of data whose quality is known.

planted_faults.py      human data with a fault, and the measures that must show it
logistic_regression.py another classifier, to compare the built-in one with
__main__.py            measures and writes docs/measures.md
"""
