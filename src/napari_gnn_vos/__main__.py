"""Entry point of the command line."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
"""Exit status of a program that was interrupted, 128 + SIGINT."""


def main() -> None:
    """Import the commands, and run the one that `sys.argv` names.

    An interrupt while they are imported ends the process without a message. Until then
    there is no work to be completed or resumed, and an exception inside of the import
    of a compiled module may be printed, or replaced by another one.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # not ignored, as in a shell's background
        signal.signal(signal.SIGINT, _exit_now)
    from napari_gnn_vos.cli import app

    signal.signal(signal.SIGINT, handler)
    sys.exit(app())


def _exit_now(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
