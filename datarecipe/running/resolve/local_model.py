"""A local model's weights: which file they are, who may name it, and the name under which its answers are stored.

The file runs in native code in this process. Who names it by a flag, the environment or their own configuration may name any
file. A recipe or a project's configuration may be a stranger's: it names files of its project alone, and they run with the
user's consent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import UnsafePathError, UntrustedEndpointError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.fingerprint import fingerprint
from datarecipe.llm.embedded.weights import default_data_dir, is_path, known_weights
from datarecipe.recipe import Place, Project
from datarecipe.running.resolve.options import Options


@dataclass(frozen=True, slots=True)
class Stranger:
    """A file of a project that names the model."""

    place: Place
    folder: Path
    """What its path counts from."""
    project: Project


def local_model(
    name: str, options: Options, by: Stranger | None, *, sends: bool, notice: Callable[[str], None]
) -> tuple[str, Path | None]:
    """The name for its answers, and its file where one is named; `by` is None where the user names it.

    The file's content is in the name, its folder is not: another file of the same path is another model.

    Raises `UsageError`, `WeightsError`; `UnsafePathError` for a file that a recipe may not name, and
    `UntrustedEndpointError` for one that would run without the user's consent.
    """
    rest = name.removeprefix(LOCAL_PREFIX)
    override = options.environ.get("DATARECIPE_WEIGHTS")
    if override:
        path = Path(override).expanduser().absolute()
    elif not is_path(rest):
        known_weights(rest)  # for its word on names that nobody knows
        return name, None
    elif by is None:
        path = Path(rest).expanduser().absolute()
    else:
        path = _in_project(rest, by)
        if sends and not options.trust:
            raise UntrustedEndpointError(
                str(by.place.problem(f"the model is a file, {path.name}, that runs in native code on this machine")),
                hint=f"If you know it, name it yourself (--model {LOCAL_PREFIX}PATH), or let it through with --trust.",
            )
    return f"{LOCAL_PREFIX}{path.name}@{fingerprint(path, default_data_dir(), notice)}", path


def _in_project(rest: str, by: Stranger) -> Path:
    """The file, links resolved."""
    hint = f"name it yourself, if you know it: --model {LOCAL_PREFIX}PATH"
    try:
        path = (by.folder / rest).resolve()
    except (OSError, RuntimeError, ValueError):
        raise UnsafePathError(by.place.problem(f"`{LOCAL_PREFIX}{rest}` cannot be a path", hint)) from None
    if not by.project.admits(path):
        raise UnsafePathError(by.place.problem(f"the weights `{rest}` lie outside the project, or are hidden", hint))
    return path
