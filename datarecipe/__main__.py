"""The process `datarecipe`, also as `python -m datarecipe`."""

from __future__ import annotations

import signal


def start() -> None:
    """Run the command line. As long as it is being imported, and when it is done, Ctrl-C just ends the process."""
    hears = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else whoever started it wants it ignored
    if hears:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from datarecipe.cli.main import main  # noqa: PLC0415

    if hears:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    finally:
        if hears:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    start()
