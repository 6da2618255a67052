"""Models that a recipe names beside its own, for fallbacks, filters and embedders: where each is asked, and its prices."""

from __future__ import annotations

from collections.abc import Iterator

from datarecipe.errors import UsageError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.generate.prompt.model_profile import EmbedderSettings, ModelSettings, settle_filter_model, settle_model
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint, resolve_endpoint
from datarecipe.recipe import HASHED_NGRAMS, MINILM, LoadedRecipe, Prices, Verify, embedders_of
from datarecipe.running.resolve.config import Config
from datarecipe.running.resolve.costs import AskedModel, GivenPrices
from datarecipe.running.resolve.options import Options


def given_prices(
    recipe: LoadedRecipe, keys: tuple[str | int, ...], prices: Prices | None, endpoint: Endpoint, config: Config
) -> GivenPrices | None:
    """A flag's prices at `keys`, else the user's for the model, else the recipe's."""
    # Both by flags: one that the recipe names may be too low.
    names = ("input_per_million", "output_per_million")
    if prices is not None and all(recipe.written.place((*keys, name)).is_flag for name in names):
        return GivenPrices(prices, by_user=True, source="--set")
    if (own := config.prices_at(endpoint)) is not None:
        return GivenPrices(own, by_user=True, source="the user's configuration")
    # The recipe's `prices` are those of its own model.
    if prices is not None and (keys != ("prices",) or recipe.model in (None, endpoint.model)):
        return GivenPrices(prices, by_user=False, source="the recipe's `prices`")
    return None


def fallback_model(
    recipe: LoadedRecipe, number: int, options: Options, config: Config, *, sends: bool
) -> AskedModel[ModelSettings]:
    """A fallback at its named endpoint, at its own provider's address, or at the one that the environment names for it."""
    fallback = recipe.fallbacks[number]
    if fallback.model.startswith(LOCAL_PREFIX):
        raise UsageError(
            f"{fallback.model} cannot be a fallback: the embedded model needs other prompts",
            hint="Name a model behind an API in `fallbacks`.",
        )
    endpoint = _own_endpoint(fallback.model, options, config, sends=sends)
    model = settle_model(recipe, fallback.model, endpoint.api_base_for_key, endpoint.known_as)
    given = given_prices(recipe, ("fallbacks", number, "prices"), fallback.prices, endpoint, config)
    setting = f"fallbacks=[{{model: {model.name}, prices: {{}}}}]"
    return AskedModel(model, endpoint, given, options.trust, prices_setting=setting)


def filter_model(
    recipe: LoadedRecipe,
    name: str,
    author: AskedModel[ModelSettings],
    options: Options,
    config: Config,
    *,
    sends: bool,
) -> AskedModel[ModelSettings]:
    """The model that a filter asks. Where it is the author too, it is asked at the same place and at the same prices."""
    settings = recipe.filters.models[name]
    if settings.model.startswith(LOCAL_PREFIX):
        raise UsageError(
            f"{settings.model} cannot be asked by `filters.{name}`: the embedded model is too weak to judge examples",
            hint=f"Name a model behind an API in `filters.{name}.model`.",
        )
    is_author = settings.model == author.model.name
    endpoint = author.endpoint if is_author else _own_endpoint(settings.model, options, config, sends=sends)
    # What the author's server cannot take of one request, it cannot take of another either.
    chosen = recipe.response_format if is_author else "auto"
    model = settle_filter_model(recipe, name, endpoint.api_base_for_key, endpoint.known_as, chosen=chosen)
    given = given_prices(recipe, ("filters", name, "prices"), settings.prices, endpoint, config)
    if is_author and author.given is not None and (given is None or (author.given.by_user and not given.by_user)):
        given = author.given
    # The short form takes no further key; the long one keeps its others.
    is_short = settings == Verify(settings.model)
    setting = f"filters.{name}={{model: {model.name}, prices: {{}}}}" if is_short else f"filters.{name}.prices={{}}"
    return AskedModel(model, endpoint, given, options.trust, prices_setting=setting, role=name)


def embedders_asked(
    recipe: LoadedRecipe, options: Options, config: Config, *, sends: bool
) -> Iterator[tuple[str, AskedModel[EmbedderSettings]]]:
    """The embedders of the recipe that have to be asked, each at its own provider's address, as a fallback is."""
    for keys, embedder in embedders_of(recipe):
        name = embedder.model
        if name == HASHED_NGRAMS:
            continue
        if name.startswith(LOCAL_PREFIX):
            raise UsageError(
                f"{name} gives no embeddings: the embedded model writes texts",
                hint=f"Write `embedder: {MINILM}` for an embedder in this process.",
            )
        if name == MINILM:
            from datarecipe.llm.embedded.minilm_weights import MINILM_NAME  # noqa: PLC0415 - few recipes ask for it

            endpoint = Endpoint(name, provider_facts.LOCAL, name, None, None, "default", ())
            settings = EmbedderSettings(MINILM_NAME)
        else:
            endpoint = _own_endpoint(name, options, config, sends=sends)
            settings = EmbedderSettings(name, endpoint.api_base_for_key)
        given = given_prices(recipe, (*keys, "prices"), embedder.prices, endpoint, config)
        setting = f"{'.'.join(map(str, keys))}={{model: {name}, prices: {{}}}}"
        yield name, AskedModel(settings, endpoint, given, options.trust, prices_setting=setting, role="embed")


def _own_endpoint(model: str, options: Options, config: Config, *, sends: bool) -> Endpoint:
    """A model's named endpoint, its own provider's address, or the one that the environment names for it."""
    return resolve_endpoint(
        model,
        flag_api_base=None,
        recipe_api_base=None,
        config_api_base=None,
        trust=options.trust or not sends,
        environ=options.environ,
        endpoints=config.endpoints,
    )
