"""Prepared videos with ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import start
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.structures.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVideo:
    """A prepared video with its ground truth.

    Parameters
    ----------
    session : Session
        Without annotations.
    truth : (T, H, W) ndarray of uint8 or uint16
    labelled : tuple of int, optional
        Frames whose ground truth is known; all by default.
    """

    session: Session
    truth: NDArray[Any]
    labelled: tuple[int, ...] | None = None

    @property
    def labelled_frames(self) -> tuple[int, ...]:
        """Frames whose ground truth is known, ascending."""
        if self.labelled is None:
            return tuple(range(len(self.truth)))
        return self.labelled


def open_davis_videos(
    root: Path, names: Sequence[str], config: Config, cache: Path
) -> Pipeline[list[LabelledVideo]]:
    """Prepare sequences of a folder in DAVIS layout.

    Parameters
    ----------
    root : Path
    names : sequence of str
    config : Config
    cache : Path
        Folder for prepared graphs.

    Yields
    ------
    step : Progress

    Returns
    -------
    videos : list of LabelledVideo
    """
    videos = []
    for name in names:
        video, truth = read_davis(root, name)
        session = yield from start(video, config, cache)
        videos.append(LabelledVideo(session, truth))
    return videos
