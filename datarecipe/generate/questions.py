"""Questions: what a strategy or a filter has to know about items before it can decide.

A question is a request of any kind that asks for no new items: for an embedding, or for a model's verdict. It goes out like
any other request, and its answer is a response like any other: stored, counted, replayed. The built-in embedder is a
function of the text, so its vectors are there at once and no request goes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakValueDictionary

from datarecipe.exchange import Embed, Embedding, Request, Response
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.recipe.models.named_models import HASHED_NGRAMS


@dataclass(slots=True, eq=False, weakref_slot=True)
class Question:
    """A request with its answer. Nobody is asked any more once nobody holds the question."""

    request: Request
    handle: int
    """A number that no other request of the run has."""
    answer: Response | None = None
    """None until it has arrived."""


class Questions:
    """Makes the questions of a run, and takes their answers."""

    def __init__(self, handles: Iterator[int]) -> None:
        """`handles` gives each request of the run another number."""
        self._handles = handles
        self._open: WeakValueDictionary[int, Question] = WeakValueDictionary()
        self._by_key: WeakValueDictionary[str, Question] = WeakValueDictionary()

    def ask(self, request: Request) -> Question:
        """The question that `request` asks; equal requests are one question as long as somebody holds it."""
        if isinstance(request, Embed) and request.embedder == HASHED_NGRAMS:
            return Question(request, next(self._handles), Embedding(hashed_ngrams(request.text)))
        question = self._by_key.get(request.key)
        if question is None:
            question = self._by_key[request.key] = Question(request, next(self._handles))
            self._open[question.handle] = question
        return question

    def answered(self, handle: int, answer: Response) -> bool:
        """Take the answer to a question; False where the handle is that of none that somebody still waits for."""
        question = self._open.pop(handle, None)
        if question is None:
            return False
        question.answer = answer
        return True
