"""Everything that is settled before a file is opened or a request is sent: model, host, folders, identity."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from datarecipe.amount import Caps
from datarecipe.errors import UsageError
from datarecipe.exchange import LOCAL_PREFIX, Example, Json, canonical_json
from datarecipe.generate.admission.filter_table import filter_versions
from datarecipe.generate.likeness import COMPARISON_VERSION
from datarecipe.generate.prompt.model_profile import EmbedderSettings, ModelSettings, settle_model
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.reasons import REASONS
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint, resolve_endpoint
from datarecipe.llm.providers.prices import Price
from datarecipe.recipe import (
    LoadedRecipe,
    Origin,
    Place,
    Project,
    Recipe,
    Source,
    bounds_of,
    embedders_of,
    identity,
    is_shipped,
    origin_of,
    project_of,
    vendored_in,
)
from datarecipe.run_folder.write.folder_hold import Location
from datarecipe.running.resolve.asked_models import embedders_asked, fallback_model, filter_model, given_prices
from datarecipe.running.resolve.config import Config, read_config
from datarecipe.running.resolve.costs import (
    DEFAULT_USD,
    AnyModel,
    AskedModel,
    Cost,
    caps_of,
    require_prices,
)
from datarecipe.running.resolve.options import EMBEDDED_MODEL, Options

if TYPE_CHECKING:
    from datarecipe.running.resolve.local_model import Stranger

LOOP_VERSION = 5
"""Part of every run's identity; changes when the same responses would give another dataset."""

NO_CAPS = Caps()


@dataclass(frozen=True, kw_only=True)
class ResolvedRun:
    """A recipe with all that its run needs."""

    recipe: LoadedRecipe
    options: Options
    asked: tuple[AskedModel[ModelSettings], ...]
    """The model, then those that may answer instead, in the order of trying."""
    of_filters: Mapping[str, AskedModel[ModelSettings]]
    """The models that filters ask, by the name of the filter."""
    embedders: Mapping[str, AskedModel[EmbedderSettings]]
    """The embedders that are asked, by the name that the recipe gives them."""
    model_from: str
    """Who named the model, for people."""
    weights: Path | None
    """The GGUF file of a local model that the user names; None for the one that is fetched, and for all other models."""
    identity: str
    """Hash of what shapes requests and acceptance: two runs of one identity belong in one folder."""
    identity_parts: Mapping[str, str]
    """Hashes of its parts, by the names that users know them by."""
    location: Location
    cache_dir: Path

    @property
    def model(self) -> ModelSettings:
        return self.asked[0].model

    @property
    def endpoint(self) -> Endpoint:
        return self.asked[0].endpoint

    @property
    def cost(self) -> Cost:
        """What the model costs."""
        return self.asked[0].cost

    @property
    def output(self) -> Path:
        """The run's folder."""
        return self.location.path

    @property
    def is_new(self) -> bool:
        """Whether nothing is there yet in the place of the run's folder."""
        return not os.path.lexists(self.output)

    @property
    def embedded(self) -> bool:
        """Whether the model runs in this process."""
        return self.model.name.startswith(LOCAL_PREFIX)

    @property
    def is_free(self) -> bool:
        """Whether nothing that it asks costs anything."""
        return self.embedded and not self.of_filters and not self.served_embedders

    @property
    def repairs(self) -> int:
        """How often an item is sent back to its author."""
        return 0 if self.embedded else self.recipe.filters.repair

    def stand_ins(self, answered_by: Mapping[str, int]) -> dict[str, int]:
        """Of those who answered, by number of responses, the ones that are not the run's own model."""
        own = (self.model.name, self.endpoint.answers_as)
        return {name: count for name, count in answered_by.items() if name not in own}

    @property
    def served_embedders(self) -> tuple[AskedModel[EmbedderSettings], ...]:
        """Those that do not run in this process."""
        return tuple(one for one in self.embedders.values() if one.endpoint.provider != provider_facts.LOCAL)

    @property
    def everyone(self) -> tuple[AnyModel, ...]:
        """Every model that is asked."""
        return (*self.asked, *self.of_filters.values(), *self.embedders.values())

    @property
    def all_asked(self) -> tuple[AnyModel, ...]:
        """Every model that costs something."""
        return (*self.asked, *self.of_filters.values(), *self.served_embedders)

    @property
    def prices(self) -> Mapping[str, Price]:
        """The prices that are known, by the name that a model's costs have."""
        return {one.name: one.cost.price for one in self.all_asked if one.cost.price is not None}

    @cached_property
    def caps(self) -> Caps:
        """What the dataset may use in all. Raises `UnknownPriceError`."""
        limits = self.recipe.limits
        if self._raised_by_stranger is not None:
            limits = replace(limits, usd=float(DEFAULT_USD))
        by_flag = self.recipe.written.place(("limits", "usd")).is_flag
        return caps_of(limits, self.all_asked, by_user=by_flag)

    @property
    def capped_by_default(self) -> bool:
        """Whether nobody who may has given a cap in dollars."""
        return self.recipe.limits.usd is None or self._raised_by_stranger is not None

    @property
    def _raised_by_stranger(self) -> Place | None:
        """Where a vendored file raises the cap in dollars above the default one; only the user may do that."""
        place, usd = self.recipe.written.place(("limits", "usd")), self.recipe.limits.usd
        by_stranger = not place.is_flag and place.source.path is not None and vendored_in(place.source.path) is not None
        return place if usd is not None and usd > DEFAULT_USD and by_stranger and not self.options.trust else None

    def check_budget(self, budget: Caps) -> None:
        """Raise where the user gave the command a `budget` that could not be kept: `UnknownPriceError`, `UsageError`."""
        if budget.usd is not None:
            require_prices("--max-usd", self.all_asked, by_user=True)
        if any("max_tokens" not in one.model.sampling for one in (*self.asked, *self.of_filters.values())):
            for name, cap in (("--max-usd", budget.usd), ("--max-tokens", budget.tokens)):
                if cap is not None:
                    raise UsageError(
                        f"{self.recipe.name}: `sampling.max_tokens` is null, so replies are unbounded, "
                        f"and {name} cannot be enforced",
                        hint=f"Leave `max_tokens` out of the recipe, or {name} out of the command.",
                    )

    def warnings(self, budget: Caps = NO_CAPS) -> Iterator[str]:
        """What to say of prices that are not known, unless something else bounds the cost or forbids the run.

        Where the recipe alone says what a model costs, no cap of the recipe's own bounds it.
        """
        if (raised := self._raised_by_stranger) is not None:
            yield (
                f"warning: {raised} raises the cap, and a vendored recipe may not: it stays at {DEFAULT_USD} dollars. "
                "To raise it, add --set limits.usd=... or --trust."
            )
        limits, place = self.recipe.limits, self.recipe.written.place
        own = {name: cap for name in ("usd", "tokens") if (cap := getattr(limits, name)) is not None}
        if not (budget.usd is None and budget.tokens is None) or any(place(("limits", name)).is_flag for name in own):
            return
        said = (one.warning() for one in self.all_asked if one.cost.only_recipe or not own)
        yield from dict.fromkeys(filter(None, said))  # one model may be asked as author and as verifier


def home_of(recipe: LoadedRecipe) -> Path:
    """Where runs, cache and configuration lie: the recipe's project; for a shipped recipe the working folder."""
    if recipe.source is None or is_shipped(recipe.source):
        return Path.cwd()
    vendored = vendored_in(recipe.source)
    return recipe.project if vendored is None else project_of(vendored.parent.parent / "host.yaml").root


def resolve_run(
    recipe: LoadedRecipe, options: Options, *, sends: bool = True, notice: Callable[[str], None] = lambda _: None
) -> ResolvedRun:
    """Settle it; `sends` is whether something may be sent, `notice` is told what takes long. With `offline` nothing is.

    Raises `UsageError`, `RecipeError`, `WeightsError`; `UntrustedEndpointError` where something will be sent.
    """
    sends = sends and not options.offline
    home = home_of(recipe)
    config = read_config(home)
    name, source = _model_name(recipe, options, config)
    endpoint = resolve_endpoint(
        name,
        flag_api_base=options.api_base,
        # A URL goes with the model that it was written for: --model openai/x leaves the recipe's own server behind.
        recipe_api_base=recipe.api_base if _goes_with(name, recipe.model, config) else None,
        config_api_base=config.api_base if name == config.model else None,
        trust=options.trust or not sends,
        environ=options.environ,
        named_by_user=source in ("--model", "DATARECIPE_MODEL") or (source == config.model_from and config.by_user),
        endpoints=config.endpoints,
    )
    weights = None
    if name.startswith(LOCAL_PREFIX):
        from datarecipe.running.resolve.local_model import local_model  # noqa: PLC0415 - knows files and installers

        by = _stranger(recipe, source, config, home)
        name, weights = local_model(name, options, by, sends=sends, notice=notice)
    given = given_prices(recipe, ("prices",), recipe.prices, endpoint, config)
    author = AskedModel(
        settle_model(recipe, name, endpoint.api_base_for_key, endpoint.known_as), endpoint, given, options.trust
    )
    of_filters = {
        name: filter_model(recipe, name, author, options, config, sends=sends) for name in recipe.filters.models
    }
    embedders = dict(embedders_asked(recipe, options, config, sends=sends))
    model = replace(
        author.model,
        of_filters={role: asked.model for role, asked in of_filters.items()},
        embedders={name: asked.model for name, asked in embedders.items()},
    )
    with recipe.placing_errors():
        shape = _shape(recipe, model)
    fallbacks = (
        fallback_model(recipe, number, options, config, sends=sends) for number in range(len(recipe.fallbacks))
    )
    return ResolvedRun(
        recipe=recipe,
        options=options,
        asked=(replace(author, model=model), *fallbacks),
        of_filters=of_filters,
        embedders=embedders,
        model_from=source,
        weights=weights,
        identity=_hash(shape),
        identity_parts=_parts(shape),
        location=_location(recipe, options, home),
        cache_dir=cache_directory(home, options.cache_dir, options.environ),
    )


def _location(recipe: Recipe, options: Options, home: Path) -> Location:
    """The run's folder. What a flag names is the user's own, links and all; `runs` of a project may be a stranger's."""
    if options.output is not None:
        return Location(options.output.absolute())
    if options.runs_dir is not None:
        return Location(options.runs_dir.absolute(), (recipe.name,))
    return Location(home.absolute(), ("runs", recipe.name))


def settled_origins(recipe: LoadedRecipe, options: Options) -> Iterator[Origin]:
    """The model that a run of the recipe would ask now, where it is and how it is asked, each with where that comes from.

    Opens no connection and sends nothing. Raises what `resolve_run` raises.
    """
    setup = resolve_run(recipe, options, sends=False)
    model, by = setup.model, setup.endpoint.named_by
    if setup.model_from == "the recipe":
        named_by = origin_of(recipe, ("model",))
    else:
        named_by = f"{setup.model_from} (environment)" if setup.model_from.isupper() else setup.model_from
    yield Origin(("model",), model.name, named_by)
    if model.api_base is not None:
        where = origin_of(recipe, ("api_base",)) if by == "recipe" else _NAMED_BY[by]
        yield Origin(("api_base",), model.api_base, where)
    profile = f"default of the profile {model.profile.name} for this model"
    for name, value in model.sampling.items():
        keys = ("sampling", name)
        yield Origin(keys, value, origin_of(recipe, keys) if name in recipe.sampling else profile)
    chosen = profile if recipe.response_format == "auto" else origin_of(recipe, ("response_format",))
    yield Origin(("response_format",), model.response_format, chosen)


_NAMED_BY = {
    "flag": "--api-base",
    "environment": "the environment",
    "config": "the user's configuration",
    "default": "default of the provider",
}


def cache_directory(home: Path, flag: Path | None, environ: Mapping[str, str]) -> Path:
    """`--cache-dir`, else `DATARECIPE_CACHE`, else the project's own."""
    named = flag or (Path(environ["DATARECIPE_CACHE"]) if environ.get("DATARECIPE_CACHE") else None)
    return (named or home / ".datarecipe" / "cache").expanduser().absolute()


def _model_name(recipe: Recipe, options: Options, config: Config) -> tuple[str, str]:
    candidates = (
        (options.model, "--model"),
        (recipe.model, "the recipe"),
        (options.environ.get("DATARECIPE_MODEL"), "DATARECIPE_MODEL"),
        (config.model, config.model_from or "the configuration"),
    )
    for name, source in candidates:
        if name:
            return name, source
    return EMBEDDED_MODEL, "the default"


def _stranger(recipe: LoadedRecipe, source: str, config: Config, home: Path) -> Stranger | None:
    """Who names the local model, where that is a file that may be a stranger's."""
    from datarecipe.running.resolve.local_model import Stranger  # noqa: PLC0415

    if source == "the recipe":
        place, file = recipe.written.place(("model",)), recipe.source
        if place.source.path is None or file is None:
            return None  # a flag
        return Stranger(place, place.source.path.parent, bounds_of(place, project_of(file)))
    if source == config.model_from and not config.by_user:
        return Stranger(Source(source).place(), home.resolve(), Project(home.resolve(), readable=True))
    return None


def _goes_with(model: str, written_for: str | None, config: Config) -> bool:
    has_its_own = model.startswith(LOCAL_PREFIX) or config.endpoints.of(model) is not None
    return model == written_for or (written_for is None and not has_its_own)


def _shape(recipe: Recipe, model: ModelSettings) -> dict[str, Json]:
    versions: dict[str, Json] = {**filter_versions(recipe)}
    seed = recipe.seed_examples[0]
    renderer = Renderer(recipe, model)
    renderer.check()
    return {
        **{f"asked by {name}": _asked_by(name, recipe, model) for name in recipe.filters.models},
        **({"repair": _repaired_by(renderer, seed)} if recipe.filters.repair and not _is_embedded(model) else {}),
        **({"filters": versions} if versions else {}),
        **({"embedders": embedders} if (embedders := _compared_by(recipe, model)) else {}),
        "loop": LOOP_VERSION,
        # What is really asked: whatever rendering and the model's profile look at is in it.
        "first_request": renderer.content(seed, example_text(seed)).canonical,
        "recipe": identity(recipe),
        "model": model.name,
        "api_base": model.api_base,
        "profile": model.profile.name,
        "sampling": dict(model.sampling),
        "response_format": model.response_format,
    }


def _compared_by(recipe: Recipe, model: ModelSettings) -> list[Json]:
    """The embedders that the run compares texts with, as they were settled, and how it compares."""
    requests = (model.embed(embedder.model, "") for _, embedder in embedders_of(recipe))
    return [[COMPARISON_VERSION, request.embedder, request.api_base] for request in requests]


def _asked_by(name: str, recipe: Recipe, model: ModelSettings) -> Json:
    """How the model of a filter is asked."""
    from datarecipe.generate.prompt.sample_question import sample_question  # noqa: PLC0415 - few recipes ask for one

    return sample_question(recipe, model.of_filters[name], name).canonical


def _is_embedded(model: ModelSettings) -> bool:
    return model.name.startswith(LOCAL_PREFIX)


def _repaired_by(renderer: Renderer, seed: Example) -> Json:
    """How the author is asked to correct an item, and which items are sent back."""
    from datarecipe.generate.prompt.repair_prompt import LONGEST, repair_content  # noqa: PLC0415 - few recipes ask for it

    first = renderer.content(seed, example_text(seed))
    reasons: list[Json] = [*sorted(name for name, row in REASONS.items() if row.repairable)]
    return [repair_content(first, example_text(seed), "schema", "").canonical, LONGEST, reasons]


def _hash(value: Json) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _parts(shape: Mapping[str, Json]) -> dict[str, str]:
    """Hashes of the parts of an identity by the name that a user knows them by, so that it can be said which differ."""
    recipe = shape["recipe"]
    assert isinstance(recipe, dict)
    parts = {name: value for name, value in shape.items() if name not in ("recipe", "first_request")} | recipe
    return {name: _hash(value)[:16] for name, value in sorted(parts.items())}
