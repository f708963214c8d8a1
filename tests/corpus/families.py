"""Readers of the corpus, and the outcome of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.errors import GnnVosError
from tests.corpus import arrays, folders, movies, rare, readers, texts, tiffs, unusual
from tests.corpus.sample import Sample

FAMILIES: dict[str, Callable[[], Iterator[Sample]]] = {
    "movie": movies.samples,
    "tiff": tiffs.samples,
    "folder": folders.samples,
    "npy": arrays.samples_npy,
    "zarr": arrays.samples_zarr,
    "json": texts.samples,
    "unusual-movie": unusual.movies,
    "unusual-tiff": unusual.tiffs,
    "unusual-folder": unusual.folders,
    "rare-movie": rare.movies,
    "rare-tiff": rare.tiffs,
    "rare-folder": rare.folders,
    "rare-zarr": rare.zarrs,
    **readers.SAMPLES,
}
CORRECT, REFUSED, LATE, WRONG, FOREIGN = (
    "correct",
    "refused",
    "refused late",
    "wrong",
    "foreign error",
)
"""Outcomes. A file is refused late if it opens and a frame raises an error."""


def check(family: str, path: Path, sample: Sample | None) -> tuple[str, str]:
    """Read a file.

    Parameters
    ----------
    family : str
    path : Path
    sample : Sample or None
        None for a damaged file, of which any frames are correct that do not depend on
        the order of access.

    Returns
    -------
    outcome, detail : str
    """
    try:
        if family == "json":
            return _check_strokes(path, sample)
        if family in readers.READERS:
            return CORRECT, str(readers.READERS[family](path))[:200]
        return _check_video(path, sample)
    except GnnVosError as error:
        outcome = LATE if getattr(error, "is_late", False) else REFUSED
        wrong = sample is not None and sample.expected is not None
        return (WRONG if wrong else outcome), str(error)
    except Exception as error:  # noqa: BLE001 - this is what the corpus looks for
        return FOREIGN, f"{type(error).__name__}: {error}"


def _check_strokes(path: Path, sample: Sample | None) -> tuple[str, str]:
    from napari_gnn_vos.io.strokes_file import read_strokes

    strokes = read_strokes(path)
    wrong = sample is not None and not path.stem.startswith("valid")
    return (WRONG if wrong else CORRECT), f"{len(strokes)} strokes"


def _check_video(path: Path, sample: Sample | None) -> tuple[str, str]:
    from napari_gnn_vos.io.read import read_video

    video = read_video(path)
    count = video.shape[0]
    try:
        forward = [_frame(video, t) for t in range(min(count, 200))]
        again = read_video(path)
        for t in reversed(range(len(forward))):
            if not np.array_equal(_frame(again, t), forward[t], equal_nan=True):
                return WRONG, f"frame {t} depends on the order of access"
    except GnnVosError as error:
        error.is_late = True  # type: ignore[attr-defined]
        raise
    if sample is None:
        return CORRECT, f"{video.frames.shape}"
    if sample.expected is None:
        return WRONG, f"read as {video.frames.shape}"
    return _compare(forward, video.frames.shape, sample)


def _frame(video: Any, t: int) -> Any:
    video.rgb(t)
    return video.raw(t)


def _compare(
    forward: list[Any], shape: tuple[int, ...], sample: Sample
) -> tuple[str, str]:
    expected = sample.expected
    if expected is None or tuple(shape) != expected.shape:
        return WRONG, f"shape {shape}"
    for t, frame in enumerate(forward):
        if frame.dtype.newbyteorder("=") != expected.dtype:
            return WRONG, f"type {frame.dtype}"
        if np.array_equal(frame, expected[t], equal_nan=frame.dtype.kind == "f"):
            continue
        difference = np.abs(frame.astype(float) - expected[t].astype(float)).mean()
        if not difference <= sample.tolerance:
            return WRONG, f"frame {t} differs by {difference:.1f}"
    return CORRECT, f"{shape}"
