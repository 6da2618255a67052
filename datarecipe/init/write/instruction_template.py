"""The instruction template of a new recipe: a shipped one for its label space, copied so that the user can edit it."""

from __future__ import annotations

from datarecipe.errors import MachineError
from datarecipe.recipe import LabelSpace, collection_root

_SHIPPED = {"fixed": "fixed_labels.j2", "per_example": "per_example_options.j2", "open": "open_answers.j2"}

_HEAD = (
    "{# What the model is told; the seed example follows as JSON. Edit it as you like. It sees batch_size, labels, fields,\n"
    "   description, vars and vary. `datarecipe prompt RECIPE --model PROVIDER/NAME` shows what is sent. #}\n"
)


def instruction_for(labels: LabelSpace) -> str:
    """The text of the template.

    Raises:
        MachineError: the shipped templates are not there.
    """
    root = collection_root()
    if root is None:
        raise MachineError("the shipped templates are missing", hint="Install datarecipe again.")
    return _HEAD + (root / "templates" / _SHIPPED[labels.kind]).read_text(encoding="utf-8")
