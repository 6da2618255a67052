"""The instruction template of a new recipe: a shipped one that fits, copied so that the user can edit it."""

from __future__ import annotations

from datarecipe.errors import MachineError
from datarecipe.recipe import collection_root

_HEAD = (
    "{# What the model is told; the seed example follows as JSON. Edit it as you like. It sees batch_size, labels, fields,\n"
    "   description, vars, vary and draw. `datarecipe prompt RECIPE --model PROVIDER/NAME` shows what is sent. #}\n"
)


def instruction_for(template: str) -> str:
    """The text of a shipped template for a recipe of its own.

    Raises:
        MachineError: the shipped templates are not there.
    """
    root = collection_root()
    if root is None:
        raise MachineError("the shipped templates are missing", hint="Install datarecipe again.")
    return _HEAD + (root / "templates" / template).read_text(encoding="utf-8")
