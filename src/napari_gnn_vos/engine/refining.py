"""Label the pixels of frames, with the refinement that the settings select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.boundary_band import (
    boundary_band,
    halve_probability,
    label_band,
)
from napari_gnn_vos.interact.paint import (
    assign_painted_pixels,
    paint_frame,
    paint_labels,
)
from napari_gnn_vos.structures.session import Session

if TYPE_CHECKING:
    from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner, EncodedFrame

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

MAX_DECODED_OBJECTS = 1
"""With more objects the guided filter is used. The shipped decoder was trained on one
object per frame and lost accuracy where objects touch."""


@dataclass(frozen=True, slots=True, eq=False)
class FramePainter:
    """Labels pixels of a session's frames from the probability of superpixels.

    Parameters
    ----------
    session : Session
    objects : tuple of K - 1 int
        Labels of the columns of a probability, after background.
    refiner : BoundaryRefiner, optional
        Decodes the boundaries; without it, see `interact.paint.paint_frame`.
    encoded : sequence of T EncodedFrame
        Of the video's frames; empty without a refiner.
    """

    session: Session
    objects: tuple[int, ...]
    refiner: BoundaryRefiner | None = None
    encoded: Sequence[EncodedFrame] = ()

    @classmethod
    def of(
        cls, session: Session, objects: tuple[int, ...], device: str = "cpu"
    ) -> FramePainter:
        """Create a painter; load the boundary decoder if the settings select it.

        Parameters
        ----------
        session : Session
        objects : tuple of int
        device : str
            Where the decoder computes.
        """
        if session.config.refine != "decoder" or len(objects) > MAX_DECODED_OBJECTS:
            return cls(session, objects)
        from napari_gnn_vos.model.registry import load_boundary_refiner

        refiner = load_boundary_refiner(device)
        denoise = session.config.prepare.denoise
        return cls(session, objects, refiner, refiner.frames(session.video, denoise))

    def prepare_thread(self) -> None:
        """Limit PyTorch to one thread, in each thread that labels frames."""
        if self.refiner is not None:
            from napari_gnn_vos.hardware import set_torch_threads

            set_torch_threads(1)

    def __call__(self, t: int, probability: F32) -> tuple[U8, F32]:
        """Label the pixels of a frame.

        Parameters
        ----------
        t : int
        probability : (n, K) ndarray of float32
            Of its superpixels; column 0 is background.

        Returns
        -------
        painted : (H, W) ndarray of uint8
            Pixels under a stroke have its label.
        refined : (n, K) ndarray of float32
            Mean probability of the pixels of each superpixel.
        """
        session = self.session
        if self.refiner is None:
            return paint_frame(session, t, probability, self.objects), probability
        labels = session.graph.frames[t].labels
        painted = paint_labels(labels, probability, self.objects, None)
        refined = self._decode(self.encoded[t], labels, probability, painted)
        return assign_painted_pixels(session, t, painted), refined

    def _decode(
        self, frame: EncodedFrame, labels: NDArray[np.uint16], rows: F32, painted: U8
    ) -> F32:
        """Label the band around each boundary, in place; pool its probability."""
        assert self.refiner is not None  # noqa: S101 - by the caller
        shape = len(self.objects), *frame.lab.shape[:2]
        logits, bands = np.zeros(shape, np.float32), np.zeros(shape, bool)
        height, width = (2 * size for size in shape[1:])
        wide = (0, height - painted.shape[0]), (0, width - painted.shape[1])
        half = np.pad(painted, wide, mode="edge")[::2, ::2]
        for k, label in enumerate(self.objects):
            coarse = np.empty(shape[1:], np.float32)
            halve_probability(labels, np.ascontiguousarray(rows[:, k + 1]), coarse)
            bands[k] = boundary_band(half == label, coarse)
            logits[k] = self.refiner.logits(frame, coarse, bands[k])
        names = np.array((0, *self.objects), np.uint8)
        return label_band(logits, bands, labels, rows, names, painted)
