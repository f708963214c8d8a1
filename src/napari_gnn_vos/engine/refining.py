"""Label the pixels of frames, with the refinement that the settings select."""

from __future__ import annotations

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
    complete_labels,
    paint_frame,
    paint_labels,
)
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.label_frames import Labels
from napari_gnn_vos.structures.session import Session

if TYPE_CHECKING:
    from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner, EncodedVideo

F32 = NDArray[np.float32]

MAX_DECODED_OBJECTS = 3
"""With more objects the guided filter is used: time grows with their number."""


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
    encoded : EncodedVideo, optional
        The video's frames, with a refiner.
    """

    session: Session
    objects: tuple[int, ...]
    refiner: BoundaryRefiner | None = None
    encoded: EncodedVideo | None = None

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

        refiner = load_boundary_refiner(device, session.config.decoder)
        denoise = session.config.prepare.denoise
        encoded = refiner.frames(session.working_video, denoise)
        return cls(session, objects, refiner, encoded)

    def prepare_thread(self) -> None:
        """Limit PyTorch to one thread, in each thread that labels frames."""
        if self.refiner is not None:
            from napari_gnn_vos.hardware import set_torch_threads

            set_torch_threads(1)

    def __call__(self, t: int, probability: F32) -> tuple[Labels, F32]:
        """Label the pixels of a frame.

        Parameters
        ----------
        t : int
        probability : (n, K) ndarray of float32
            Of its superpixels; column 0 is background.

        Returns
        -------
        painted : (H, W) ndarray of uint8 or uint16
            Pixels under a stroke have its label.
        refined : (n, K) ndarray of float32
            Mean probability of the pixels of each superpixel.
        """
        session = self.session
        if self.refiner is None:
            return paint_frame(session, t, probability, self.objects), probability
        video = session.working_video
        labels, grey = session.graph.frames[t].labels, video.greys[t]
        painted = paint_labels(labels, probability, self.objects, grey)
        coarse = self._coarse(labels, probability)
        bands = self._bands(painted, coarse)
        if not bands.any():
            return complete_labels(session, t, painted), probability
        logits = self._logits(t, coarse, bands)
        names = np.array((0, *self.objects), painted.dtype)
        refined = label_band(logits, bands, labels, probability, names, painted)
        return complete_labels(session, t, painted), refined

    def _coarse(self, labels: NDArray[np.uint16], probability: F32) -> F32:
        """Probability of each object at stride 2, (K - 1, h, w)."""
        assert self.refiner is not None  # noqa: S101 - by the caller
        shape = len(self.objects), *self.refiner.half_size(labels.shape)
        coarse = np.empty(shape, np.float32)
        for column, out in zip(probability.T[1:], coarse, strict=True):
            halve_probability(labels, np.ascontiguousarray(column), out)
        return coarse

    def _bands(self, painted: Labels, coarse: F32) -> NDArray[np.bool_]:
        """Where each object is decoded at stride 2, (K - 1, h, w)."""
        (height, width), (h, w) = painted.shape, coarse.shape[1:]
        wide = (0, 2 * h - height), (0, 2 * w - width)
        half = np.pad(painted, wide, mode="edge")[::2, ::2]
        pairs = zip(self.objects, coarse, strict=True)
        return np.stack([boundary_band(half == label, p) for label, p in pairs])

    def _logits(self, t: int, coarse: F32, bands: NDArray[np.bool_]) -> F32:
        """Logit of each object inside its band, (K - 1, h, w)."""
        assert self.refiner is not None  # noqa: S101 - by the caller
        assert self.encoded is not None  # noqa: S101
        frame = self.encoded.frame(t, np.asarray(bands.any(axis=0)))
        pairs = zip(coarse, bands, strict=True)
        return np.stack([self.refiner.logits(frame, p, band) for p, band in pairs])


def encode_frames(session: Session, *, first: int = 0) -> Pipeline[None]:
    """Encode frames for the boundary decoder ahead of a prediction on the CPU.

    The first round of a video is then as fast as later ones. Nothing is done if the
    settings select no decoder.

    Parameters
    ----------
    session : Session
        Prepared video.
    first : int
        Frame to begin with; the others follow outwards, as many as stay in memory.

    Yields
    ------
    step : Progress
        After each frame.
    """
    painter = FramePainter.of(session, (1,))
    if painter.encoded is None:
        return
    painter.prepare_thread()
    count = session.graph.shape[0]
    order = sorted(range(count), key=lambda t: abs(t - first))
    for number, _ in enumerate(painter.encoded.encode_ahead(order)):
        yield Progress("encode frames", number + 1, count)
