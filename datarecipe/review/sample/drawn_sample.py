"""Draws a sample of each dataset, by a seed; or finds again what an earlier review drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import UsageError
from datarecipe.exchange import Example
from datarecipe.measure.sample import shuffled
from datarecipe.printable import counted
from datarecipe.review.sample.source_dataset import SourceDataset, id_of
from datarecipe.review.verdicts.verdict import VERSION, Header, SampledDataset


@dataclass(frozen=True)
class Drawn:
    """Examples of a dataset, by their ids."""

    source: SourceDataset
    examples: Mapping[str, Example]

    def described(self) -> SampledDataset:
        """As a file of verdicts names it."""
        source = self.source
        return SampledDataset(source.name, source.identity, source.sha256, source.examples, tuple(self.examples))


def draw(sources: Sequence[SourceDataset], size: int, seed: int) -> list[Drawn]:
    """`size` examples, in equal shares of each dataset; all of a dataset that has no more.

    The same ones for the same data and seed. A smaller sample is part of a larger one. Equal examples of a dataset are one.
    """
    share, more = divmod(size, len(sources))
    return [_draw(source, share + (number < more), seed) for number, source in enumerate(sources)]


def _draw(source: SourceDataset, size: int, seed: int) -> Drawn:
    wanted = frozenset(shuffled(source.examples, str(seed))[:size])
    return Drawn(source, {id_of(each, source): each for each in source.records(wanted)})


def header_of(drawn: Sequence[Drawn], reviewer: str, size: int, seed: int) -> Header:
    """The first line of a file of verdicts on this sample."""
    return Header(VERSION, reviewer, size, seed, tuple(each.described() for each in drawn))


def find_again(sources: Sequence[SourceDataset], header: Header, file: Path) -> list[Drawn]:
    """What the review drew that wrote this header, also from a dataset that has grown since.

    Raises `UsageError` where these are not its datasets.
    """
    if len(sources) != len(header.datasets):
        names = ", ".join(each.name for each in header.datasets)
        raise UsageError(
            f"{file} judges a sample of {counted(len(header.datasets), 'dataset')} ({names}), not of {len(sources)}",
            hint="Name the same datasets in the same order, or another file: --output FILE.",
        )
    drawn = draw(sources, header.sample, header.seed)
    return [
        each if set(each.examples) == set(of.items) else _found(each.source, of, file)
        for each, of in zip(drawn, header.datasets, strict=True)
    ]


def _found(source: SourceDataset, of: SampledDataset, file: Path) -> Drawn:
    wanted = frozenset(of.items)
    found = {}
    for record in source.records():
        name = id_of(record, source)
        if name in wanted:
            found[name] = record
    if missing := len(wanted) - len(found):
        raise UsageError(
            f"{missing:,} of the {counted(len(wanted), 'example')} of {of.name} that {file} judges "
            f"{'is' if missing == 1 else 'are'} not in {source.path}",
            hint="Name the dataset that was judged, or begin another file: --output FILE.",
        )
    return Drawn(source, found)
