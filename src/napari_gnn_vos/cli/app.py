"""The Typer application, to which the command modules add their commands."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def main(
    verbose: Annotated[
        bool, typer.Option(help="Show log messages of level INFO.")
    ] = False,
) -> None:
    """Segment objects in videos from scribbles."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(message)s")
