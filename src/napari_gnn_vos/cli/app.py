"""The Typer application, to which the command modules add their commands."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer


class Application(typer.Typer):
    """Commands whose messages can be printed on any output stream."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command that `sys.argv` names."""
        _prepare_streams()
        return super().__call__(*args, **kwargs)


def _prepare_streams() -> None:
    """Escape characters that the encoding lacks; discard text for a closed stream."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


app = Application(no_args_is_help=True, add_completion=False)


@app.callback()
def main(
    verbose: Annotated[
        bool, typer.Option(help="Show log messages of level INFO.")
    ] = False,
) -> None:
    """Segment objects in videos from scribbles."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(message)s")
