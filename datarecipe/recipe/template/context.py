"""The context of one rendering: Jinja's, with the counters at hand."""

from __future__ import annotations

from typing import Any

from jinja2.runtime import Context

from datarecipe.recipe.template.metering.meter import Meter


class MeteredContext(Context):
    """The names that a template sees, and the counters of its rendering."""

    meter: Meter

    def derived(self, locals: dict[str, Any] | None = None) -> MeteredContext:  # noqa: A002 - Jinja's name for it
        """A context with the names of a loop or block too; the counters are the same."""
        self.meter.spend(len(self.parent) + len(self.vars))
        made = super().derived(locals)
        assert isinstance(made, MeteredContext)
        made.meter = self.meter
        return made


def meter_of(context: Context) -> Meter:
    """The counters of the rendering that `context` belongs to."""
    assert isinstance(context, MeteredContext)
    return context.meter
