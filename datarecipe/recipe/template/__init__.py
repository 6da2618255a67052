"""The instruction template: checked without rendering, rendered within bounds.

A recipe comes from a stranger, and its instruction is a small program in Jinja's language. This package says where it is
wrong (`check_template`), which of the recipe's `vars` it reads (`names_read`), and renders it with all work counted
(`compile_template`). What a template may do is an allow-list: filters, tests, functions, and attributes of values.

    bounds.py       the limits, and the one error of a template that is refused
    values.py       what a template sees, and what is within a value
    check.py        a template's text -> findings, names, or what can be rendered
    checking/       tokens with line and column, tree, mistakes in plain words, analysis
    evaluating/     the walk over the tree, its budget, operators, functions and filters, methods
"""

from datarecipe.recipe.template.bounds import LIMITS, Limits, TemplateBoundError, TemplateFinding, TemplateRefused
from datarecipe.recipe.template.check import check_template, compile_template, names_read
from datarecipe.recipe.template.values import KNOWN_NAMES, TemplateLabels

__all__ = [
    "KNOWN_NAMES",
    "LIMITS",
    "Limits",
    "TemplateBoundError",
    "TemplateFinding",
    "TemplateLabels",
    "TemplateRefused",
    "check_template",
    "compile_template",
    "names_read",
]
