"""Response text -> items. Every whole item is found, whatever stands around it; nothing here ever raises.

Models are asked for `{"examples": [...]}`. They send that, or an array, an object with an array under another name, objects
one after another, fences, prose, thinking text, JSON within JSON, Python instead of JSON, a cut-off end, one broken item
among good ones. `parse` takes every item that has one reading, and reports the rest as fragments.

    scan.py      finds values in the text from left to right, and what lies between them
    reader.py    one value that is nearly JSON, or where it breaks
    strings.py   what stands between two quotes: escapes, control characters
    latex.py     LaTeX commands whose backslash JSON took for its own
    thinking.py  the table of styles in which models mark their thinking
    items.py     the items within a value

All of it takes time in proportion to the text's length, whatever the text is.
"""

from datarecipe.generate.parse.items import NOT_JSON, Found, Fragment, Mended, value_of
from datarecipe.generate.parse.scan import parse

__all__ = ["NOT_JSON", "Found", "Fragment", "Mended", "parse", "value_of"]
