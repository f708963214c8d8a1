"""Convert superpixel probabilities to pixel labels, refined as the settings select."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import integer, validated
from napari_gnn_vos.interact.boundary_band import (
    boundary_band,
    halve_probability,
    label_band,
)
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.interact.pixel_labels import (
    complete_labels,
    label_frame,
    label_pixels,
)
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.label_frames import Labels
from napari_gnn_vos.structures.session import SESSION, Session

if TYPE_CHECKING:
    from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner
    from napari_gnn_vos.model.encoded_video import EncodedVideo

F32 = NDArray[np.float32]

MAX_DECODED_GROUPS = 3
"""Largest number of objects, or groups of similar objects, that the decoder refines
below quality `best`. With more, the guided filter is used, because the time grows with
their number."""
NOT_MEMBER = np.float32(-12)
"""Logit of an object of a group where another one is more probable."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameLabeller:
    """Label the pixels of a session's frames from the probability of superpixels.

    Parameters
    ----------
    session : Session
    objects : tuple of K - 1 int
        Labels of the columns of a probability, after background.
    groups : tuple of tuple of int
        Columns, from 0, of each group of objects that are decoded as one.
    refiner : BoundaryRefiner, optional
        Decodes the boundaries; without it, see `interact.pixel_labels.label_frame`.
    encoded : EncodedVideo, optional
        The video's frames, with a refiner.
    """

    session: Session
    objects: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    refiner: BoundaryRefiner | None = None
    encoded: EncodedVideo | None = None

    @classmethod
    def of(
        cls, session: Session, groups: ObjectGroups, device: str = "cpu"
    ) -> FrameLabeller:
        """Load the boundary decoder if the settings select it.

        Parameters
        ----------
        session : Session
        groups : ObjectGroups
            Objects that are predicted as one are decoded as one.
        device : str
            Where the decoder computes.
        """
        objects = groups.objects
        columns = tuple(tuple(map(objects.index, group)) for group in groups.members)
        config = session.config
        is_best = config.prepare.quality == "best"
        is_decoded = is_best or len(columns) <= MAX_DECODED_GROUPS
        if config.refine != "decoder" or not is_decoded:
            return cls(session, objects, columns)
        from napari_gnn_vos.model.loading import load_boundary_refiner

        refiner = load_boundary_refiner(device, config.decoder)
        denoise = config.prepare.denoise
        encoded = refiner.encoded_video(session.working_video, denoise)
        return cls(session, objects, columns, refiner, encoded)

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
        labels : (H, W) ndarray of uint8 or uint16
            Pixels under a stroke have its label.
        refined : (n, K) ndarray of float32
            Mean probability of the pixels of each superpixel.
        """
        session = self.session
        if self.refiner is None:
            return label_frame(session, t, probability, self.objects), probability
        video = session.working_video
        superpixels, grey = session.graph.frames[t].labels, video.greys[t]
        labels = label_pixels(superpixels, probability, self.objects, grey)
        coarse = self._coarse(superpixels, probability)
        bands = self._bands(labels, coarse)
        if not bands.any():
            return complete_labels(session, t, labels), probability
        logits = self._logits(t, coarse, bands)
        logits, bands = self._of_members(superpixels, probability, logits, bands)
        objects = np.array((0, *self.objects), labels.dtype)
        refined = label_band(logits, bands, superpixels, probability, objects, labels)
        return complete_labels(session, t, labels), refined

    def _coarse(self, superpixels: NDArray[np.uint16], probability: F32) -> F32:
        """Compute the probability of each of G groups at stride 2, (G, h, w)."""
        assert self.refiner is not None  # noqa: S101 - by the caller
        shape = len(self.groups), *self.refiner.stride2_size(superpixels.shape)
        coarse = np.empty(shape, np.float32)
        for columns, out in zip(self.groups, coarse, strict=True):
            of_group = probability[:, 1 + np.array(columns)].sum(axis=1)
            halve_probability(superpixels, of_group, out)
        return coarse

    def _bands(self, labels: Labels, coarse: F32) -> NDArray[np.bool_]:
        """Find where each group is decoded at stride 2, (G, h, w)."""
        half = _every_second_pixel(labels, coarse.shape[1:])
        members = [np.array(self.objects)[list(columns)] for columns in self.groups]
        pairs = zip(members, coarse, strict=True)
        return np.stack([boundary_band(np.isin(half, m), p) for m, p in pairs])

    def _logits(self, t: int, coarse: F32, bands: NDArray[np.bool_]) -> F32:
        """Decode the logit of each group inside its band, (G, h, w)."""
        assert self.refiner is not None  # noqa: S101 - by the caller
        assert self.encoded is not None  # noqa: S101
        frame = self.encoded.frame(t, np.asarray(bands.any(axis=0)))
        pairs = zip(coarse, bands, strict=True)
        return np.stack([self.refiner.logits(frame, p, band) for p, band in pairs])

    def _of_members(
        self,
        superpixels: NDArray[np.uint16],
        probability: F32,
        logits: F32,
        bands: NDArray[np.bool_],
    ) -> tuple[F32, NDArray[np.bool_]]:
        """Distribute logits and bands of groups to their objects, (K - 1, h, w) each.

        In each superpixel the most probable object of a group gets the logit.
        """
        if len(self.groups) == len(self.objects):
            return logits, bands
        half = _every_second_pixel(superpixels, bands.shape[1:])
        logit = np.empty((len(self.objects), *bands.shape[1:]), np.float32)
        band = np.empty(logit.shape, bool)
        for k, columns in enumerate(self.groups):
            p = probability[:, 1 + np.array(columns)]
            for number, column in enumerate(columns):
                is_member = (p.argmax(axis=1) == number) & p.any(axis=1)
                logit[column] = np.where(is_member[half], logits[k], NOT_MEMBER)
                band[column] = bands[k]
        return logit, band


def _every_second_pixel(image: NDArray[Any], size: tuple[int, ...]) -> NDArray[Any]:
    """Sample every second row and column, (h, w), with the last ones repeated."""
    (height, width), (h, w) = image.shape, size
    widths = (0, 2 * h - height), (0, 2 * w - width)
    return np.pad(image, widths, mode="edge")[::2, ::2]


@validated(session=SESSION, first=integer())
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
    labeller = FrameLabeller.of(session, ObjectGroups.singletons((1,)))
    if labeller.encoded is None:
        return
    labeller.prepare_thread()
    count = session.graph.shape[0]
    order = sorted(range(count), key=lambda t: abs(t - first))
    for number, _ in enumerate(labeller.encoded.encode_ahead(order)):
        yield Progress("encode frames", number + 1, count)
