"""`filters.language`: short texts in many languages, what cannot be told, and time."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.recipe.item_filters.item_filter_table import ITEM_FILTERS
from datarecipe.recipe.language import language_profiles
from datarecipe.recipe.language.language_of_text import language_of
from datarecipe.recipe.language.language_profiles import FILE, profiles
from datarecipe.recipe.language.letter_runs import runs_of, words_of
from datarecipe.recipe.message_text import join
from tests.docs.pages import ROOT

SENTENCES = {
    "en": [
        "Is the great wall of China visible from space?",
        "The battery lasts two days if you switch off the screen.",
        "can you still buy the first iPhone at Apple",
    ],
    "de": [
        "Darf man in Österreich nachts mit dem Fahrrad auf dem Gehweg fahren?",
        "Der Akku hält zwei Tage, wenn man den Bildschirm ausschaltet.",
        "Wie viele Einwohner hat die Hauptstadt von Portugal?",
    ],
    "fr": [
        "Est-ce que la tour Eiffel est plus haute que le mont Blanc ?",
        "La batterie tient deux jours si l'on éteint l'écran.",
    ],
    "es": ["¿Es verdad que los gatos siempre caen de pie?", "El hotel estaba limpio, pero la comida llegó fría."],
    "it": ["È vero che i gatti cadono sempre in piedi?", "L'albergo era pulito, ma il cibo è arrivato freddo."],
    "pt": ["É verdade que os gatos caem sempre em pé?", "O hotel estava limpo, mas a comida chegou fria."],
    "nl": [
        "Is het waar dat katten altijd op hun pootjes terechtkomen?",
        "Het hotel was schoon, maar het eten was koud.",
    ],
    "pl": ["Czy to prawda, że koty zawsze spadają na cztery łapy?", "Hotel był czysty, ale jedzenie przyszło zimne."],
    "tr": ["Kedilerin her zaman dört ayak üstüne düştüğü doğru mu?", "Otel temizdi ama yemek soğuk geldi."],
    "fi": ["Onko totta, että kissat putoavat aina jaloilleen?", "Hotelli oli siisti, mutta ruoka tuli kylmänä."],
    "vi": ["Có đúng là mèo luôn rơi xuống bằng bốn chân không?", "Khách sạn sạch sẽ nhưng thức ăn thì nguội."],
    "ru": ["Правда ли, что кошки всегда падают на лапы?", "В гостинице было чисто, но еда пришла холодной."],
    "uk": ["Чи правда, що коти завжди падають на лапи?", "У готелі було чисто, але їжа прийшла холодною."],
    "el": ["Είναι αλήθεια ότι οι γάτες πέφτουν πάντα στα πόδια τους;"],
    "he": ["האם נכון שחתולים תמיד נוחתים על הרגליים?"],
    "ar": ["هل صحيح أن القطط تسقط دائما على أقدامها؟"],
    "fa": ["آیا درست است که گربه‌ها همیشه روی پاهایشان فرود می‌آیند؟"],
    "hi": ["क्या यह सच है कि बिल्लियाँ हमेशा अपने पैरों पर गिरती हैं?"],
    "bn": ["এটা কি সত্য যে বিড়াল সবসময় পায়ের উপর পড়ে?"],
    "ta": ["பூனைகள் எப்போதும் கால்களில் விழும் என்பது உண்மையா?"],
    "th": ["จริงหรือไม่ที่แมวตกลงมาแล้วยืนได้เสมอ"],
    "zh": ["猫总是四脚着地，这是真的吗？", "酒店很干净，但是饭菜是冷的。"],
    "ja": ["猫はいつも足から着地するというのは本当ですか。", "ホテルはきれいでしたが、料理は冷たかったです。"],
    "ko": ["고양이가 항상 발로 착지한다는 것이 사실인가요?"],
    "ka": ["მართალია, რომ კატები ყოველთვის ფეხებზე ეცემიან?"],
    "hy": ["Ճի՞շտ է, որ կատուները միշտ ընկնում են ոտքերի վրա"],
}
EVERY = [(language, text) for language, texts in SENTENCES.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), EVERY)
def test_a_short_sentence_is_in_its_language_and_in_no_other(language: str, text: str) -> None:
    own = language_of(text, [language])
    assert own is not None
    assert (own.likeliest, own.is_other) == (language, False)
    for other in SENTENCES.keys() - {language}:
        found = language_of(text, [other])
        assert found is not None
        # Those that are alike may be unsure.
        alike = {"es", "pt", "it"} if language in ("es", "pt", "it") else {"ru", "uk"}
        assert found.is_other or {language, other} <= alike, other
        both = language_of(text, [other, language])
        assert both is not None
        assert not both.is_other


@pytest.mark.parametrize("text", ["", "  ", "12 + 30 = 42", "!?", "😀", "\ufffe\U0010ffff", "²"])
def test_what_has_no_letters_is_in_no_language(text: str) -> None:
    assert language_of(text, ["en"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "ok", "Nein", "iPhone 15 Pro", "Angela Merkel", "São Paulo", "H2O", "C++ vs. Rust", "42 km/h", "Tokyo", "pH",
        "Dr. Müller, Berlin", "Champs-Élysées", "AAAA", "http://example.com/a?b=c", "def f(x): return x",
    ],
)  # fmt: skip
def test_of_names_and_very_short_texts_nothing_is_certain(text: str) -> None:
    found = language_of(text, ["en"])
    assert found is not None
    assert not found.is_other


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Das Meeting mit dem Sales-Team ist leider gecancelt.", "de"),
        ("Is Straßenverkehrsordnung the name of a law in Germany?", "en"),
        ("Was bedeutet der berühmte Satz „to be or not to be“ bei Shakespeare eigentlich?", "de"),
        ("J'ai acheté un iPhone et un MacBook hier.", "fr"),
        ("iPhoneのバッテリーは二日もちますか。", "ja"),
        ("Сколько стоит iPhone в Apple Store?", "ru"),
    ],
)
def test_words_of_another_language_are_no_harm(text: str, wanted: str) -> None:
    found = language_of(text, [wanted])
    assert found is not None
    assert (found.likeliest, found.is_other) == (wanted, False)


@pytest.mark.parametrize(
    ("text", "wanted"), [("Привет", "en"), ("你好", "de"), ("merhaba", "ar"), ("안녕", "ja"), ("שלום", "ar")]
)
def test_a_single_word_in_other_letters_is_certainly_another_language(text: str, wanted: str) -> None:
    found = language_of(text, [wanted])
    assert found is not None
    assert found.is_other


def test_case_and_composition_make_no_difference() -> None:
    composed, taken_apart = "Österreich schön", "O\u0308STERREICH SCHO\u0308N"
    assert runs_of(composed) == runs_of(taken_apart)


def test_how_a_text_is_cut() -> None:
    assert words_of("Don't stop: 猫と한글, x2!") == ["don", "t", "stop", "Han", "Kana", "Hangul", "Hangul", "x"]
    assert runs_of("ab 猫") == {"a": 1, "b": 1, "_a": 1, "ab": 1, "b_": 1, "_ab": 1, "ab_": 1, "Han": 3}


def test_a_new_table_has_a_new_version() -> None:
    table = Path(language_profiles.__file__).with_name(FILE).read_bytes()
    digest = hashlib.sha256(table).hexdigest()[:16]
    known = {1: "44ddfb68dbe6208e"}
    assert known[ITEM_FILTERS["language"].version] == digest, "count the version up: other items are rejected now"


def test_every_profile_is_one() -> None:
    for language, profile in profiles().items():
        assert len(language) == 2
        assert profile
        assert all(0 <= cost <= 64 for cost in profile.values())
        assert all(1 <= len(run) <= 3 or run.istitle() for run in profile)


@given(st.text(max_size=300), st.lists(st.sampled_from(sorted(profiles())), min_size=1, max_size=3))
def test_any_text_gives_an_answer(text: str, wanted: list[str]) -> None:
    found = language_of(text, wanted)
    assert found is None or not (found.is_other and found.is_wanted)
    if found is not None and found.is_other:
        assert found.likeliest not in wanted
    assert found == language_of(text, [*reversed(wanted)])


@pytest.mark.parametrize("text", ["ab " * 40_000, "猫" * 100_000, "e" * 100_000, "\u0301" * 100_000, "ﷺ" * 100_000])
def test_a_long_text_takes_no_longer_than_its_beginning(text: str) -> None:
    profiles()
    begun = time.process_time()
    language_of(text, ["en"])
    assert time.process_time() - begun < 1.0


def test_the_page_names_the_languages() -> None:
    page = " ".join((ROOT / "docs" / "filters.md").read_text(encoding="utf-8").split())
    assert f"The known languages: {join(sorted(profiles()), 'and')}." in page
