"""How a command shows its progress, and what it says when it stops."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import typer
from tqdm import tqdm

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import Pipeline, Progress, drain

R = TypeVar("R")
LOGGED_EVERY = 30.0
"""Seconds between two states of a progress bar that is written to a file."""


@contextmanager
def told() -> Iterator[None]:
    """Turn an expected error into one red line and exit status 2."""
    try:
        yield
    except GnnVosError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error


@contextmanager
def stoppable(folder: Path | None) -> Iterator[None]:
    """Turn Ctrl-C into a line on what is kept, and exit status 130."""
    try:
        yield
    except KeyboardInterrupt as stop:
        again = f" What is finished is in {folder}: run the same again to go on."
        typer.secho(f"Stopped.{again if folder else ''}", err=True, fg="yellow")
        raise typer.Exit(130) from stop


def show(pipeline: Pipeline[R]) -> R:
    """Run a pipeline with a progress bar; a line now and then where nobody looks."""
    watched = sys.stderr.isatty()
    with tqdm(unit="step", mininterval=0.1 if watched else LOGGED_EVERY) as bar:

        def step(at: Progress) -> None:
            bar.set_description(at.stage, refresh=watched)
            bar.total = at.total
            bar.update(max(at.done - bar.n, 0))

        return drain(pipeline, step)
