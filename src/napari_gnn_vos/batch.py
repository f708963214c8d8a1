"""Preparation of several videos, in sequence or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from napari_gnn_vos.structures.video import Video

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


OnResult = Callable[[str, GraphSize], object]


def open_videos(paths: Sequence[Path]) -> list[Video]:
    """Open all videos of a batch, so that errors are found before the work.

    Parameters
    ----------
    paths : sequence of Path
        For `read_video`.

    Returns
    -------
    videos : list of Video
        In the order of `paths`.

    Raises
    ------
    GnnVosError
        If some cannot be opened. The message has one line for each of them.
    """
    videos: list[Video] = []
    failed: list[GnnVosError] = []
    for path in paths:
        try:
            videos.append(read_video(path))
        except GnnVosError as error:
            failed.append(with_subject(str(path), error))
    if failed:
        raise combine_errors(failed)
    return videos


def prepare_videos(
    paths: Sequence[Path],
    cache: StoragePath,
    scheduler: str | None = None,
    config: Config | None = None,
    on_result: OnResult = lambda _name, _size: None,
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
    on_result : callable, optional
        Called with the path and the size of each video that was prepared.

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
        ((name, path),) = jobs.items()
        size = yield from _prepare(path, config, cache)
        on_result(name, size)
        return {name: size}
    if scheduler is None:
        return (yield from _prepare_in_sequence(jobs, config, cache, on_result))
    absolute = {name: path.expanduser().absolute() for name, path in jobs.items()}
    work = partial(_prepare_now, config, cache.absolute())
    return (yield from map_on_cluster(work, absolute, scheduler, on_result))


def _prepare_in_sequence(
    jobs: dict[str, Path], config: Config, cache: StoragePath, on_result: OnResult
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
        else:
            on_result(name, sizes[name])
    if failed:
        raise combine_errors(failed)
    return sizes


def _prepare(path: Path, config: Config, cache: StoragePath) -> Pipeline[GraphSize]:
    graph = (yield from start(read_video(path), config, cache)).graph
    return GraphSize(graph.n, graph.shape[0])


def _prepare_now(config: Config, cache: StoragePath, path: Path) -> GraphSize:
    return drain(_prepare(path, config, cache))
