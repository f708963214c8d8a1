"""Progress bars and error reports of the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import typer
from tqdm import tqdm

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import Pipeline, Progress, drain

R = TypeVar("R")
LOG_INTERVAL = 30.0
"""Seconds between updates of a progress bar that is not shown in a terminal."""


@contextmanager
def report_errors() -> Iterator[None]:
    """Print an expected error in red and exit with status 2."""
    try:
        yield
    except GnnVosError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error


@contextmanager
def report_interrupt(folder: Path | None) -> Iterator[None]:
    """On Ctrl-C, print where finished work is stored and exit with status 130."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        hint = (
            f" Finished work is in {folder}. Run the same command again to continue."
            if folder
            else ""
        )
        typer.secho(f"Stopped.{hint}", err=True, fg="yellow")
        raise typer.Exit(130) from interrupt


def report_requirements(paths: Sequence[Path], config: Config) -> None:
    """Print the expected time and memory of the preparation of videos.

    Raises
    ------
    GnnVosError
        If some of them cannot be opened.
    """
    from napari_gnn_vos.batch import open_videos
    from napari_gnn_vos.prepare.requirements import preparation_requirements

    for path, video in zip(paths, open_videos(paths), strict=True):
        needed = preparation_requirements(video, config.prepare)
        typer.echo(f"{path}: {needed}.", err=True)


def run_with_progress_bar(pipeline: Pipeline[R]) -> R:
    """Run a pipeline with a progress bar, updated rarely outside a terminal."""
    interactive = sys.stderr.isatty()
    with tqdm(unit="step", mininterval=0.1 if interactive else LOG_INTERVAL) as bar:

        def update(progress: Progress) -> None:
            bar.set_description(progress.stage, refresh=interactive)
            bar.total = progress.total
            bar.update(max(progress.done - bar.n, 0))

        return drain(pipeline, update)
