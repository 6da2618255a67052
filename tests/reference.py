"""What a sequential program gives: one request at a time, in logical order, in the plainest code that says it.

The loop must give the same whatever arrives when. Rendering and judging single items are shared with the product (they have
tests of their own); order, draws, choice, deduplication and the end are written here a second time.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

from datarecipe.exchange import (
    Complete,
    Completion,
    Draw,
    Embed,
    Embedding,
    Example,
    Json,
    Request,
    Response,
    canonical_json,
)
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.events import Accepted, Lineage, RejectedItem
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.judge.batch_judge import Judge
from datarecipe.generate.judge.example_equality import example_id
from datarecipe.generate.judge.item_checker import Checked, Invalid, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.prompt.vary import Turn
from datarecipe.generate.reasons import REASONS, Rejection
from datarecipe.recipe.recipe import Recipe

Answer = Callable[[Complete], Completion]

SENT_BACK = {"unverified", "low_score", "schema", "label", "options", "length", "pattern", "copy", "leakage"}
"""Reasons of items that a repair may mend."""


@dataclass
class Result:
    rows: list[Accepted] = field(default_factory=list)
    rejected: list[RejectedItem] = field(default_factory=list)
    requests: list[Complete] = field(default_factory=list)
    outcome: str = ""


def sequential(
    recipe: Recipe, model: ModelSettings, answer: Answer, filters: Sequence[CommitFilter] | None = None
) -> Result:
    return _Program(recipe, model, answer, filters_of(recipe, model) if filters is None else filters).run()


def _plain(recipe: Recipe, example: Example) -> str:
    def tidy(value: Json) -> Json:
        return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else value

    return canonical_json([tidy(example.get(name)) for name in recipe.text_fields])


def _hash(*parts: Json, size: int = 16) -> bytes:
    return hashlib.blake2b(canonical_json(list(parts)).encode(), digest_size=size).digest()


class _Program:
    def __init__(self, recipe: Recipe, model: ModelSettings, answer: Answer, filters: Sequence[CommitFilter]) -> None:
        self.recipe, self.answer, self.filters = recipe, answer, filters
        self.renderer, self.judge = Renderer(recipe, model), Judge(recipe)
        self.taken = {_plain(recipe, seed) for seed in recipe.seed_examples}
        for filter_ in filters:
            filter_.begin([self.asked(request) for request in filter_.standing_questions()])
        self.result = Result()
        self.varied: dict[str, Json] = {}
        self.barren = 0

    def run(self) -> Result:
        kind = self.recipe.strategy.kind
        walks: dict[str, Callable[[], Iterator[None]]] = {
            "fixed": self.fixed,
            "tree": self.tree,
            "first": partial(self.tree, children=1),
        }
        for _ in walks.get(kind, self.chains)():
            if len(self.result.rows) >= self.recipe.target_size:
                self.result.outcome = "target"
                break
            if self.barren >= self.recipe.limits.barren:
                self.result.outcome = "barren"
                break
        return self.result

    def seed(self, number: int) -> Example:
        return self.recipe.seed_examples[number % len(self.recipe.seed_examples)]

    def combination(self, place: int) -> int:
        """Each key's values in turn, one later whenever a key and those before it come round together.

        All combinations come one later whenever they and the seed examples, or the chains, come round together.
        """
        recipe = self.recipe
        beside = (
            len(recipe.seed_examples) if recipe.strategy.kind in ("fixed", "tree", "first") else recipe.strategy.chains
        )
        count = math.prod(len(values) for values in recipe.vary.values())
        together = math.lcm(count, beside)
        place = (place + (place // together if together < count * beside else 0)) % count
        number, before = 0, 1
        for values in recipe.vary.values():
            size = len(values)
            together = math.lcm(size, before)
            turn = place % (size * before)
            later = turn // together if together < size * before else 0
            number += before * ((turn + later) % size)
            before *= size
        return number

    def combination_below(self, example: Example) -> int:
        """Of each key the value that has the next point on the ring; a value's points say nothing of its place."""
        number, step = 0, 1
        for key, values in self.recipe.vary.items():
            seen: list[Json] = []
            points: list[tuple[int, int]] = []
            for index, value in enumerate(values):
                digest = canonical_json([key, canonical_json(value), seen.count(value)]).encode()
                for _ in range(8):
                    digest = hashlib.blake2b(digest).digest()
                    points += [(int.from_bytes(digest[at : at + 8], "big"), index) for at in range(0, 64, 8)]
                seen.append(value)
            place = int.from_bytes(_hash("vary", self.recipe.random_seed, key, example_text(example), size=8), "big")
            number += step * min(points, key=lambda point: (point[0] < place, *point))[1]
            step *= len(values)
        return number

    def vary(self, combination: int) -> dict[str, Json]:
        values: dict[str, Json] = {}
        for name, choices in self.recipe.vary.items():
            values[name] = choices[combination % len(choices)]
            combination //= len(choices)
        return values

    def wanted(self, place: int) -> int:
        """Where the balanced values begin: requests take them in turn, and begin anew elsewhere after whole cycles."""
        balance, each = self.recipe.filters.balance, self.recipe.batch_size
        if balance is None:
            return 0
        before = place * each
        return (before + self.begin(before // math.lcm(sum(balance.weights), each))) % sum(balance.weights)

    def begin(self, of: Json) -> int:
        balance = self.recipe.filters.balance
        if balance is None:
            return 0
        digest = _hash("balance", self.recipe.random_seed, of, size=8)
        return int.from_bytes(digest, "big") % sum(balance.weights)

    def ask(self, example: Example, combination: int, wanted: int, lane: str, index: int) -> Complete:
        self.varied = self.vary(combination)
        content = self.renderer.content(example, example_text(example), Turn(combination, wanted=wanted))
        return Complete(content, Draw(self.recipe.random_seed, lane, index))

    def commit(self, request: Complete, example: Example, depth: int, lane: str) -> tuple[list[Valid], list[Valid]]:
        """Ask, judge, write down; give (valid items with their places kept by order, accepted ones)."""
        number = len(self.result.requests)
        self.result.requests.append(request)
        batch = self.judge.batch(self.answer(request))
        parent, accepted = example_id(example), []
        for index, item in enumerate(batch):
            place = (parent, depth + 1, lane, number, index)
            origin: dict[str, Json] = {}
            for repairs_left in range(self.recipe.filters.repair, -1, -1):
                rejection = self.verdict(item)
                if rejection is None:
                    assert isinstance(item, Valid)
                    for filter_ in self.filters:
                        filter_.accepted(item)
                    self.taken.add(_plain(self.recipe, item.example))
                    lineage = Lineage(example_id(item.example), *place, self.varied, self.checks, origin)
                    self.result.rows.append(Accepted(item.example, lineage))
                    accepted.append(item)
                    break
                text = item.raw if isinstance(item, Invalid) else item.text
                room = len(self.result.rows) < self.recipe.target_size
                sent_back = bool(repairs_left) and room and rejection.reason in SENT_BACK and len(text) <= 20_000
                better = None
                if sent_back:
                    attempt = self.recipe.filters.repair - repairs_left
                    better = self.repair(request, text, rejection, attempt)
                    if isinstance(better, Invalid) and REASONS[better.reason].whole:
                        rejection = Rejection(
                            rejection.reason, f"{rejection.detail} (asked to correct it: {better.detail})"
                        )
                        sent_back = False
                self.result.rejected.append(RejectedItem(rejection.reason, rejection.detail, text, *place, sent_back))
                if not sent_back:
                    break
                origin = origin or {"reason": rejection.reason, "detail": rejection.detail}
                assert better is not None
                item = better  # noqa: PLW2901 - the same item, mended
        self.barren = 0 if accepted else self.barren + 1
        self.batch = batch
        return [item for item in batch if isinstance(item, Valid)], accepted

    def verdict(self, item: Checked) -> Rejection | None:
        if isinstance(item, Invalid):
            return item
        if _plain(self.recipe, item.example) in self.taken:
            return Rejection("duplicate", "equal to a seed example or to an accepted example")
        if len(self.result.rows) >= self.recipe.target_size:
            return Rejection("surplus", "the target was reached within this response")
        return self.rejection(item)

    def repair(self, request: Complete, text: str, rejection: Rejection, attempt: int) -> Checked:
        """Ask for a better one: the first valid item of the reply, else its first."""
        said = (
            f"This example was rejected ({rejection.reason}): {rejection.detail}\nCorrect it and change as little as "
            'needed. Reply with {"examples": [...]} that holds the corrected example alone.'
        )
        messages = (*request.content.messages, ("assistant", text), ("user", said))
        draw = Draw(self.recipe.random_seed, f"repair:{attempt}", 0)
        items = [*self.judge.batch(self.answer(Complete(replace(request.content, messages=messages), draw)))]
        return next((item for item in items if isinstance(item, Valid)), items[0])

    def rejection(self, item: Valid) -> Rejection | None:
        self.checks: dict[str, Mapping[str, Json]] = {}
        for filter_ in self.filters:
            answers = [self.asked(request) for request in filter_.questions(item)]
            found = filter_.admit(item, answers)
            if found is not None:
                return found
            self.checks |= filter_.notes(item, answers)
        return None

    def asked(self, request: Request) -> Response:
        return Embedding(hashed_ngrams(request.text)) if isinstance(request, Embed) else self.answer(request)

    def fixed(self) -> Iterator[None]:
        number = 0
        while True:
            lane = f"fixed:{number}"
            request = self.ask(self.seed(number), self.combination(number), self.wanted(number), lane, 0)
            self.commit(request, self.seed(number), 0, lane)
            yield
            number += 1

    def tree(self, children: int | None = None) -> Iterator[None]:
        """Generation after generation; in each first all first accepted of their batches, then all second ones, ..."""
        generation: list[tuple[Example, int, str, int]] = []
        drawn = 0
        while True:
            if not generation:
                for _ in range(self.recipe.strategy.roots):
                    generation.append((self.seed(drawn), 0, f"root:{drawn}", drawn))
                    drawn += 1
            families = []
            for example, depth, lane, root in generation:
                if depth == 0:
                    request = self.ask(example, self.combination(root), self.wanted(root), lane, 0)
                else:
                    begin = self.begin(example_text(example))
                    request = self.ask(example, self.combination_below(example), begin, "node:0", 0)
                _, accepted = self.commit(request, example, depth, lane)
                families.append([(item.example, depth + 1, lane, root) for item in accepted[:children]])
                yield
            generation = [child for rank in itertools.zip_longest(*families) for child in rank if child is not None]

    def chains(self) -> Iterator[None]:
        strategy, recipe = self.recipe.strategy, self.recipe
        seeds = {_plain(recipe, seed) for seed in recipe.seed_examples}
        current = [(self.seed(c), 0) for c in range(strategy.chains)]
        previous: list[list[tuple[Example, int]]] = [[] for _ in current]
        history = [set(seeds) for _ in current]
        asked: list[list[Json]] = [[] for _ in current]
        dry = [0 for _ in current]
        round_ = 0
        while True:
            for c in range(strategy.chains):
                example, depth = current[c]
                place = c + round_ * strategy.chains
                turn = (self.combination(place), self.wanted(place))
                request = self.ask(example, *turn, f"chain:{c}", 0)
                messages: Json = [list(message) for message in request.content.messages]
                request = self.ask(example, *turn, f"chain:{c}", asked[c].count(messages))
                asked[c].append(messages)
                self.commit(request, example, depth, f"chain:{c}")
                selectable = []
                for index, item in enumerate(self.batch):
                    if isinstance(item, Valid) and _plain(recipe, item.example) not in history[c]:
                        history[c].add(_plain(recipe, item.example))
                        selectable.append((index, item.example))
                if selectable:
                    previous[c] = [*previous[c], current[c]][-16:]
                    current[c] = (self.choose(c, round_, example, selectable), depth + 1)
                    dry[c] = 0
                else:
                    dry[c] += 1
                    if dry[c] == strategy.patience:
                        dry[c] = 0
                        current[c] = previous[c].pop() if previous[c] else (self.seed(c), 0)
                yield
            round_ += 1

    def choose(self, chain: int, round_: int, current: Example, selectable: list[tuple[int, Example]]) -> Example:
        if self.recipe.strategy.kind == "random":
            return min(selectable, key=lambda s: _hash(self.recipe.random_seed, chain, round_, s[0]))[1]

        def text(example: Example) -> str:
            return "\n".join(" ".join(str(example[name]).split()) for name in self.recipe.text_fields)

        def likeness(example: Example) -> Fraction:
            """The square of the cosine, with the cosine's sign."""
            a, b = hashed_ngrams(text(current)), hashed_ngrams(text(example))
            product = sum(x * y for x, y in zip(a, b, strict=True))
            lengths = sum(x * x for x in a) * sum(x * x for x in b)
            return Fraction(product * abs(product), lengths) if lengths else Fraction(0)

        sign = -1 if self.recipe.strategy.kind == "similar" else 1
        return min(selectable, key=lambda s: (sign * likeness(s[1]), s[0]))[1]
