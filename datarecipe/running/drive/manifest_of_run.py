"""What a run's manifest says, from all that is settled and counted of it."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from datetime import datetime

from datarecipe._version import __version__
from datarecipe.characters import UNICODE_VERSION
from datarecipe.exchange import KEY_VERSION
from datarecipe.generate.admission.filter_table import filter_versions
from datarecipe.generate.likeness import COMPARISON_VERSION
from datarecipe.generate.prompt.embedded_prompt import EMBEDDED_VERSION
from datarecipe.generate.prompt.model_profile import TABLE_VERSION
from datarecipe.installed import version_of
from datarecipe.llm.cache.cache_record import RECORD_VERSION
from datarecipe.recipe.format import FORMAT
from datarecipe.recipe.identity import IDENTITY_VERSION
from datarecipe.recipe.recipe import Recipe
from datarecipe.recipe.strategy_table import embedders_of
from datarecipe.run_folder.counts.commit_counts import CommitCounts
from datarecipe.run_folder.counts.run_counts import Counts, Spent
from datarecipe.run_folder.manifest import (
    CostRecord,
    EmbedderRecord,
    FormatVersions,
    ItemCounts,
    Judgement,
    LastRun,
    Manifest,
    ModelCost,
    ModelRecord,
    PricesUsed,
    Used,
    Verification,
)
from datarecipe.run_folder.write.spending import SPENDING_VERSION
from datarecipe.running.drive.dispatch import Ending
from datarecipe.running.resolve.costs import Cost
from datarecipe.running.resolve.options import EMBEDDED_WARNING
from datarecipe.running.resolve.resolved_run import LOOP_VERSION, ResolvedRun


def manifest_of(setup: ResolvedRun, ending: Ending, counts: Counts, started: datetime, finished: datetime) -> Manifest:
    """The manifest of a run that has ended."""
    committed, model = counts.committed, setup.model
    return Manifest(
        identity=setup.identity,
        identity_parts=setup.identity_parts,
        status="complete" if ending.reason == "target" else "short",
        outcome=ending.reason,
        error=ending.error.message if ending.error else ending.why,
        name=setup.recipe.name,
        counts=ItemCounts(counts.target_size, committed.tally, counts.waiting, counts.by_label),
        tokens=committed.tokens,
        cost=_cost(setup, counts.spent),
        this_run=LastRun(counts.traffic, started, finished),
        model=ModelRecord(
            name=model.name,
            named_by=setup.model_from,
            api_base=model.api_base,
            profile=model.profile.name,
            sampling=model.sampling,
            response_format=model.response_format,
            as_named_by_provider=tuple(sorted(committed.models)),
            answered_by=committed.answered_by,
            warning=EMBEDDED_WARNING if setup.embedded else None,
        ),
        verification=_verification(setup, committed),
        judgement=_judgement(setup, committed),
        balance=None if committed.balanced is None else committed.balanced.balanced,
        embedders=tuple(_embedders(setup)),
        versions=_versions(),
        formats=_formats(setup.recipe),
        machine=f"{platform.system()} {platform.machine()}",
        recipe=setup.recipe.resolved,
    )


def _verification(setup: ResolvedRun, committed: CommitCounts) -> Verification | None:
    verify = setup.recipe.filters.verify
    if verify is None or committed.confirmed is None:
        return None
    model = setup.of_filters["verify"].model
    return Verification(
        model=model.name,
        api_base=model.api_base,
        sampling=model.sampling,
        response_format=model.response_format,
        votes=verify.votes,
        agree=verify.needed,
        by_label=committed.confirmed.labels,
    )


def _judgement(setup: ResolvedRun, committed: CommitCounts) -> Judgement | None:
    judge, judged = setup.recipe.filters.judge, committed.judged
    if judge is None or judged is None:
        return None
    model = setup.of_filters["judge"].model
    return Judgement(
        model=model.name,
        api_base=model.api_base,
        sampling=model.sampling,
        response_format=model.response_format,
        scale=judge.scale,
        accepted=judged.accepted,
        rejected=judged.rejected,
        criteria=judged.criteria,
    )


def _embedders(setup: ResolvedRun) -> Iterator[EmbedderRecord]:
    for _, embedder in embedders_of(setup.recipe):
        request = setup.model.embed(embedder.model, "")
        yield EmbedderRecord(embedder.model, request.embedder, request.api_base)


def _cost(setup: ResolvedRun, spent: Spent) -> CostRecord:
    priced = bool(setup.prices)
    costs = {one.name: one.cost for one in setup.all_asked}
    return CostRecord(
        all_runs=Used.of(spent.in_all, priced=priced),
        all_runs_assumed=Used.of(spent.assumed, priced=priced),
        this_run=Used.of(spent.now, priced=priced),
        this_run_assumed=Used.of(spent.assumed_now, priced=priced),
        prices=_prices(setup.cost),
        by_model=tuple(
            ModelCost(
                model,
                Used.of(amount, priced=known),
                _prices(costs[model]) if known and model in costs else None,
            )
            for (model, known), amount in sorted(spent.by_model.items())
        ),
        caps=setup.caps,
    )


def _prices(cost: Cost) -> PricesUsed | None:
    price = cost.price
    if price is None:
        return None
    return PricesUsed(
        price.input_per_token * 1_000_000, price.output_per_token * 1_000_000, price.per_request, cost.source
    )


def _formats(recipe: Recipe) -> FormatVersions:
    return FormatVersions(
        recipe=FORMAT,
        identity=IDENTITY_VERSION,
        loop=LOOP_VERSION,
        profiles=TABLE_VERSION,
        embedded=EMBEDDED_VERSION,
        filters=filter_versions(recipe),
        unicode=UNICODE_VERSION,
        key=KEY_VERSION,
        response=RECORD_VERSION,
        spending=SPENDING_VERSION,
        comparison=COMPARISON_VERSION,
    )


def _versions() -> Mapping[str, str | None]:
    """Versions of the software that can affect the dataset."""
    return {
        "datarecipe": __version__,
        "python": platform.python_version(),
        **{name: version_of(name) for name in ("jinja2", "jsonschema", "litellm", "xllamacpp", "numpy", "tokenizers")},
    }
