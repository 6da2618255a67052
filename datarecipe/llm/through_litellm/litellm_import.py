"""litellm, imported late and kept quiet.

The import takes seconds and a hundred megabytes, reads a `.env` from the working folder, fetches a price map, and sets
variables in the process's environment. Here it does the first and none of the rest.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import re
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from datarecipe.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHILE_IMPORTING = {
    "LITELLM_MODE": "PRODUCTION",  # no `.env`: a cloned folder could name a host with it
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}

_SETTINGS: dict[str, Any] = {
    "telemetry": False,
    "suppress_debug_info": True,  # prints to stdout otherwise
    "set_verbose": False,
    # What is asked for is what is sent, once, to where it was meant to go.
    "drop_params": False,
    "modify_params": False,
    "num_retries": None,
    "model_fallbacks": None,
    "cache": None,
    "use_litellm_proxy": False,
    "disable_hf_tokenizer_download": True,  # over native code, which no guard sees
    "route_all_chat_openai_to_responses": False,
    "api_base": None,
    "api_key": None,
    "openai_key": None,
    "headers": None,
}

_CALLBACKS = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "service_callback",
    "_async_input_callback",
    "_async_success_callback",
    "_async_failure_callback",
)

# litellm and the openai client import these inside their first request, in the event loop, half a second each.
_AT_THE_FIRST_REQUEST = ("litellm.proxy.openai_files_endpoints.common_utils",)
_OF_THE_OPENAI_CLIENT = ("openai.resources",)

LONGEST_MESSAGE = 2**15
"""Characters of an error's text that litellm works on."""
_lock = threading.Lock()


def import_litellm(*, openai_client: bool = False) -> Any:
    """The module, set up. Blocks for seconds the first time: call it in a thread. Raises `MachineError`.

    `openai_client` also imports what requests over the openai client need.
    """
    with _lock:
        if "litellm" not in sys.modules:
            # For the serializer's complaints about replies that are not quite as OpenAI's.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pydantic(\..*)?")
        try:
            with _environment(), _no_garbage_collection():
                litellm = importlib.import_module("litellm")
                # Both would otherwise run at the first call: one fetches a file, one sets a variable.
                importlib.import_module("litellm.litellm_core_utils.default_encoding")
                beta_headers = importlib.import_module("litellm.anthropic_beta_headers_manager")
                beta_headers.reload_beta_headers_config()
                for name in (*_AT_THE_FIRST_REQUEST, *(_OF_THE_OPENAI_CLIENT if openai_client else ())):
                    with contextlib.suppress(ImportError):  # who needs it imports it, later
                        importlib.import_module(name)
        except Exception as error:  # whatever its modules raise while they are imported
            raise MachineError(
                f"litellm cannot be imported: {error}", hint='Install it anew: pip install --force-reinstall "litellm"'
            ) from error
        for name, value in _SETTINGS.items():
            setattr(litellm, name, value)
        for name in _CALLBACKS:
            setattr(litellm, name, [])
        _switch_off_unread_work()
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        return litellm


class _NoPattern:
    """Stands for a pattern: replaces nothing, and leaves out the end of a long text."""

    def sub(self, _: str, text: str) -> str:
        return text[:LONGEST_MESSAGE]


def _switch_off_unread_work() -> None:
    """Switch off what litellm computes and nobody here reads. A release that keeps these elsewhere takes its time.

    - It searches each error's text for secrets and for known words, with the whole reply in it: a hostile error of 16 KB
      takes 20 s, in which no other thread runs. Its texts are for `FailureJudge`, which hides the secrets that there are.
    - It logs failures.
    - It looks up the price of each answer, in a fifth of the time that it takes for the request. What a run costs is counted
      from the tokens, with the run's own prices.
    """
    module: Any = sys.modules.get("litellm.litellm_core_utils.secret_redaction")
    if isinstance(getattr(module, "_SECRET_RE", None), re.Pattern):
        module._SECRET_RE = _NoPattern()
    logging_class = getattr(sys.modules.get("litellm.litellm_core_utils.litellm_logging"), "Logging", None)
    for name, nothing in (
        ("failure_handler", _nothing),
        ("async_failure_handler", _nothing_later),
        ("response_cost_calculator", _nothing),
        ("_response_cost_calculator", _nothing),  # its name in older releases
    ):
        if hasattr(logging_class, name):
            setattr(logging_class, name, nothing)


def _nothing(*_: Any, **__: Any) -> None:
    """No log, and no price."""


async def _nothing_later(*_: Any, **__: Any) -> None:
    """The same."""


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(_WHILE_IMPORTING)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """The import makes hundreds of thousands of objects and drops few. To look for garbage among them, again and again,
    takes a quarter of its time, and up to half a second at once in which no other thread runs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            # There and back: they are old now, as if looked at. The next collection would look at all of them otherwise.
            gc.freeze()
            gc.unfreeze()
        if was_enabled:
            gc.enable()
