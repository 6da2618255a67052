"""What was thought never becomes data, in whatever way a model marks it; an item that speaks of such marks stays whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from datarecipe.generate.parse import Fragment, parse, value_of

FIELDS = ("text", "label")
FIRST, SECOND = {"text": "See you at nine", "label": "ham"}, {"text": "Claim the cash now", "label": "spam"}
ANSWER = json.dumps({"examples": [FIRST, SECOND]})

TAGS = [
    ("<think>", "</think>"),  # DeepSeek-R1, Qwen, QwQ, GLM, MiniMax, Kimi K2 ...
    ("<thinking>", "</thinking>"),  # Reflection
    ("<thought>", "</thought>"),  # EXAONE Deep
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<Thought>", "</Thought>"),  # Marco-o1
    ("<THINKING>", "</THINKING>"),
    ("< think >", "</ think >"),
    ('<think effort="high">', "</think>"),
    ("<think\n>", "</think\n>"),
    ("<think>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<mm:think>", "</mm:think>"),  # MiniMax
    ("<budget:thinking>", "</budget:thinking>"),
    ("<antThinking>", "</antThinking>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<chain_of_thought>", "</chain_of_thought>"),
    ("<thought_process>", "</thought_process>"),
    ("<inner_monologue>", "</inner_monologue>"),
    ("<internal_reasoning>", "</internal_reasoning>"),
    ("<rationale>", "</rationale>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi
    ("【think】", "【/think】"),
    ("{think}", "{/think}"),
    ("((think))", "((/think))"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker, Sky-T1
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    ("<|think_start|>", "<|think_end|>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),  # Solar
    ("<|channel>thought\n", "<channel|>"),  # Gemma
    ("<unused94>thought\n", "<unused95>"),  # MedGemma
    ("[unused16]", "[unused17]"),  # Pangu
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
]
CHANNELS = [  # gpt-oss, with its marks and without them
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|start|>assistant<|channel|>analysis<|message|>", "<|end|>\n<|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>"),
    ("<|channel|>commentary<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("analysisWe need two. ", "assistantfinal"),
    ("analysis\n\nWe need two. ", "assistantfinal\n\n"),
    ("to=self<|message|>", "<|eom|><|start|>assistant<|message|>"),  # Muse
]
IN_PAIRS = [
    ("Here is my thought process:", "Here is my response:"),
    ("Here's my thought process:", "Here's my response:"),
]
UNKNOWN = [
    ("<ponder>", "</ponder>"),
    ("<cogitation depth='2'>", "</cogitation>"),
    ("<pensée>", "</pensée>"),
    ("<plan>", "</plan>"),
    ("<analysis>", "</analysis>"),
    ("<|musing|>", "<|/musing|>"),
    ("<|begin_of_musing|>", "<|end_of_musing|>"),
    ("[PONDER]", "[/PONDER]"),
    ("《思考》", "《/思考》"),
]
THOUGHTS = [
    'A first try: {"text": "a draft that I drop", "label": "spam"} No, too plain.',
    'It\'s "spam: {"text": "a',
    f"{ANSWER[:40]} hm",
    "I could write [1, { and stop",
    'use "{}',
    "nothing of note",
    "",
]
WHOLE_DRAFTS = [f"{ANSWER} hm", json.dumps(FIRST), '{"examples": [{"text": "draft", "label": "ham"}, {"text": "a "no"']


def items(text: str) -> list[Any]:
    return [value_of(item) for item in parse(text, FIELDS) if not isinstance(item, Fragment)]


def pairs(styles: Sequence[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("opening", "closing"), styles, ids=[f"{a}{b}".strip() for a, b in styles])


@pairs([*TAGS, *CHANNELS, *IN_PAIRS])
def test_what_was_thought_is_no_data(opening: str, closing: str) -> None:
    frames = ["{}", "\n{}\n", "\n```json\n{}\n```", "Here they are: {}"]
    for thought, frame in product([*THOUGHTS, *WHOLE_DRAFTS], frames):
        assert items(opening + thought + closing + frame.format(ANSWER)) == [FIRST, SECOND]


@pairs(UNKNOWN)
def test_a_pair_that_nobody_knows_is_thinking_by_its_shape(opening: str, closing: str) -> None:
    for thought, separator in product(THOUGHTS, ["", "\n"]):
        assert items(opening + thought + closing + separator + ANSWER) == [FIRST, SECOND]


@pairs([*TAGS, *CHANNELS[:4]])
def test_a_closing_mark_alone_says_that_all_before_was_thought(opening: str, closing: str) -> None:
    for thought in [*THOUGHTS, *WHOLE_DRAFTS]:
        assert items(f"{thought}{closing}\n{ANSWER}") == [FIRST, SECOND]
        assert items(f"{thought}{closing}\n") == []


@pairs([*TAGS, *CHANNELS[:4]])
def test_an_opening_mark_alone_says_that_all_is_thought(opening: str, closing: str) -> None:
    for thought in [*THOUGHTS, *WHOLE_DRAFTS]:
        assert items(f"{opening}{thought}\n{ANSWER}") == []


@pairs([*TAGS, *CHANNELS, *IN_PAIRS, *UNKNOWN])
def test_an_item_that_speaks_of_the_marks_stays_whole(opening: str, closing: str) -> None:
    for said in [opening, closing, f"use {opening} and {closing}, please", f"{closing}\n{opening}\n"]:
        batch = [{"text": said, "label": "ham"}, SECOND]
        for text in [
            json.dumps({"examples": batch}),
            json.dumps(batch, ensure_ascii=False, indent=1),
            f"Sure:\n{json.dumps(batch)}\nDone.",
            "\n".join(map(json.dumps, batch)),
            json.dumps(batch)[:-1],
            json.dumps(batch)[:-1] + ', {"text": "cut',
            f"<think>hm</think>{json.dumps(batch)}",
            repr(batch),
        ]:
            assert items(text) == batch


@pairs([*TAGS, *CHANNELS[:5], *UNKNOWN])
def test_a_broken_item_that_speaks_of_the_marks_costs_no_other(opening: str, closing: str) -> None:
    for said in [opening, closing, f"{opening} and {closing}"]:
        broken = f'{{"text": "he said "hi" {said.strip()} there", "label": "ham"}}'
        text = f'{{"examples": [{json.dumps(FIRST)}, {broken}, {json.dumps(SECOND)}]}}'
        assert items(text) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "text",
    [
        f"<answer>{ANSWER}</answer>",
        f"<answer>Sure: {ANSWER}</answer>",
        f"<foo>Sure: {ANSWER}</foo> Done.",
        f"<spam>{json.dumps(FIRST)}</spam><ham>{json.dumps(SECOND)}</ham>",
        f"<sample>one: {json.dumps(FIRST)}</sample>\n<sample>two: {json.dumps(SECOND)}</sample>",
        f"<thinking>hm</thinking><output>{ANSWER}</output>",
        f"<thinking>a <reflection>b</reflection> {ANSWER}</thinking><output>{ANSWER}</output>",
        f"I use no `<think>` here:\n{ANSWER}",
        f'I end with "</think>":\n<think>I end with "</think>" {ANSWER}</think>{ANSWER}',
        f"{ANSWER}\n<think>was that right?",
        f"<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>{ANSWER}<|end_of_solution|>",
        f"<think>a</think><think>b {ANSWER}</think>{ANSWER}",
        f"<think></think>\n\n{ANSWER}",
    ],
)
def test_what_stands_round_an_answer_is_no_thinking(text: str) -> None:
    assert items(text) == [FIRST, SECOND]
