"""What tests of `init` ask of a draft."""

from __future__ import annotations

from datarecipe.init.draft import Draft
from datarecipe.recipe import Task


def task_in(draft: Draft) -> Task:
    """The task, which is there."""
    assert draft.task is not None
    return draft.task
