"""Many videos prepared: one after the other, or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_gnn_vos.cluster import spread
from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import start
from napari_gnn_vos.errors import GnnVosError, named, together
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.progress import Pipeline, Progress, drain, within

if TYPE_CHECKING:
    from napari_gnn_vos.io.storage import StoragePath


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a video.

    Parameters
    ----------
    superpixels, frames : int
        In the whole video.
    """

    superpixels: int
    frames: int


def prepare_videos(
    paths: Sequence[Path],
    cache: StoragePath,
    scheduler: str | None = None,
    config: Config | None = None,
) -> Pipeline[dict[str, Prepared]]:
    """Prepare videos, each as `engine.start` does.

    Parameters
    ----------
    paths : sequence of Path
        What `read_video` reads; on a cluster, the same on all machines.
    cache : Path or UPath
        For prepared graphs; on a cluster, the same on all machines.
    scheduler : str, optional
        See `cluster.spread`. Without it one is prepared after the other, here.
    config : Config, optional

    Yields
    ------
    step : Progress
        One a video, or one a frame of the only one.

    Returns
    -------
    prepared : dict of str to Prepared
        By the paths as they were given.

    Raises
    ------
    GnnVosError
        If videos cannot be read or prepared; after all others were.
    """
    config, jobs = config or Config(), {str(path): path for path in paths}
    if scheduler is None and len(jobs) == 1:
        return {str(paths[0]): (yield from _prepare(paths[0], config, cache))}
    if scheduler is None:
        return (yield from _one_by_one(jobs, config, cache))
    away = {name: path.expanduser().absolute() for name, path in jobs.items()}
    work = partial(_drained, config, cache.absolute())
    return (yield from spread(work, away, scheduler))


def _one_by_one(
    jobs: dict[str, Path], config: Config, cache: StoragePath
) -> Pipeline[dict[str, Prepared]]:
    made: dict[str, Prepared] = {}
    failed: list[GnnVosError] = []
    for number, (name, path) in enumerate(jobs.items()):
        part, at = _prepare(path, config, cache), Progress(path.name, number, len(jobs))
        try:
            made[name] = yield from within(part, at)
        except GnnVosError as error:
            failed.append(named(name, error))
    if failed:
        raise together(failed)
    return made


def _prepare(path: Path, config: Config, cache: StoragePath) -> Pipeline[Prepared]:
    graph = (yield from start(read_video(path), config, cache)).graph
    return Prepared(graph.n, graph.shape[0])


def _drained(config: Config, cache: StoragePath, path: Path) -> Prepared:
    return drain(_prepare(path, config, cache))
