"""Preparation of several videos, in sequence or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_gnn_vos.cluster import map_on_cluster
from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import start
from napari_gnn_vos.errors import GnnVosError, combine_errors, with_subject
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.progress import Pipeline, Progress, drain, nested_progress

if TYPE_CHECKING:
    from napari_gnn_vos.storage import StoragePath


@dataclass(frozen=True, slots=True)
class GraphSize:
    """Size of the prepared graph of one video.

    Parameters
    ----------
    superpixels, frames : int
        Numbers of superpixels and of frames in the whole video.
    """

    superpixels: int
    frames: int


def prepare_videos(
    paths: Sequence[Path],
    cache: StoragePath,
    scheduler: str | None = None,
    config: Config | None = None,
) -> Pipeline[dict[str, GraphSize]]:
    """Prepare the graphs of several videos with `engine.start`.

    Parameters
    ----------
    paths : sequence of Path
        Videos for `read_video`. On a cluster, the paths must be valid on each machine.
    cache : Path or UPath
        Folder of prepared graphs. On a cluster, shared by all machines.
    scheduler : str, optional
        See `cluster.map_on_cluster`. By default the videos are prepared in sequence
        in this process.
    config : Config, optional

    Yields
    ------
    step : Progress
        One step per video, or one per frame if there is a single video.

    Returns
    -------
    sizes : dict of str to GraphSize
        Keyed by the given paths.

    Raises
    ------
    GnnVosError
        After all videos were processed, if some could not be read or prepared.
    """
    config, jobs = config or Config(), {str(path): path for path in paths}
    if scheduler is None and len(jobs) == 1:
        return {str(paths[0]): (yield from _prepare(paths[0], config, cache))}
    if scheduler is None:
        return (yield from _prepare_in_sequence(jobs, config, cache))
    absolute = {name: path.expanduser().absolute() for name, path in jobs.items()}
    work = partial(_prepare_now, config, cache.absolute())
    return (yield from map_on_cluster(work, absolute, scheduler))


def _prepare_in_sequence(
    jobs: dict[str, Path], config: Config, cache: StoragePath
) -> Pipeline[dict[str, GraphSize]]:
    sizes: dict[str, GraphSize] = {}
    failed: list[GnnVosError] = []
    for number, (name, path) in enumerate(jobs.items()):
        pipeline = _prepare(path, config, cache)
        outer = Progress(path.name, number, len(jobs))
        try:
            sizes[name] = yield from nested_progress(pipeline, outer)
        except GnnVosError as error:
            failed.append(with_subject(name, error))
    if failed:
        raise combine_errors(failed)
    return sizes


def _prepare(path: Path, config: Config, cache: StoragePath) -> Pipeline[GraphSize]:
    graph = (yield from start(read_video(path), config, cache)).graph
    return GraphSize(graph.n, graph.shape[0])


def _prepare_now(config: Config, cache: StoragePath, path: Path) -> GraphSize:
    return drain(_prepare(path, config, cache))
