"""Estimate the time and memory of a preparation before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from napari_gnn_vos.config import PrepareSettings, Quality
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.working_video import (
    FULL_FRAMES,
    full_frame_bytes,
    working_shape,
)

SECONDS_PER_MEGAPIXEL: dict[Quality, float] = {
    "fast": 0.45,
    "balanced": 0.55,
    "best": 1.15,
}
"""Processor time per megapixel of the reduced frames, by `benchmarks/memory.py`."""
SECONDS_PER_FULL_MEGAPIXEL = 0.005
"""Processor time to read and reduce a megapixel of a larger frame."""
BASE_BYTES = 700 * 2**20
"""Memory of the process with all libraries, networks and caches."""
WORKING_BYTES = 300
"""Bytes per pixel of the reduced frames that are prepared at the same time."""
STORED_BYTES = 5
"""Bytes per reduced pixel and frame of a graph in memory."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """Expected requirements of a preparation.

    Parameters
    ----------
    seconds : float
        Time on all cores, without the compilation of the first run.
    nbytes : int
        Peak memory of the process.
    reduced : (int, int) or None
        Height and width that frames are reduced to.
    """

    seconds: float
    nbytes: int
    reduced: tuple[int, int] | None

    def __str__(self) -> str:
        """Describe time, memory and the reduced size in one line."""
        text = f"about {_time(self.seconds)}, {self.nbytes / 2**30:.1f} GB of memory"
        if self.reduced is None:
            return text
        height, width = self.reduced
        return f"{text}, frames reduced to {width} × {height} pixels"  # noqa: RUF001


def preparation_requirements(
    video: Video, settings: PrepareSettings, *, stored: bool = True
) -> Requirements:
    """Estimate the time and memory that the preparation of a video requires.

    Parameters
    ----------
    video : Video
    settings : PrepareSettings
    stored : bool
        Whether the graph is stored in a cache on disk; otherwise it is in memory.

    Returns
    -------
    requirements : Requirements
    """
    count, height, width = working_shape(video.shape, settings.max_pixels)
    pixels, full_pixels = height * width, video.shape[1] * video.shape[2]
    seconds = SECONDS_PER_MEGAPIXEL[settings.quality] * pixels / 1e6
    nbytes = BASE_BYTES + WORKING_BYTES * pixels
    if pixels < full_pixels:
        seconds += SECONDS_PER_FULL_MEGAPIXEL * full_pixels / 1e6
        frame = full_frame_bytes(video)
        nbytes += max(frame, min(cores() * frame, FULL_FRAMES.limit))
    if not stored:
        nbytes += count * STORED_BYTES * pixels
    reduced = (height, width) if pixels < full_pixels else None
    return Requirements(count * seconds / cores(), nbytes, reduced)


def _time(seconds: float) -> str:
    """Format a duration, rounded to a readable precision."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60)} min"
