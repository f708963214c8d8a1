"""Result of a method on a sequence, and a cache of results on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_gnn_vos.config import Settings
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import atomic_write_text
from napari_gnn_vos.study.measure.round_details import RoundDetails
from napari_gnn_vos.study.rounds import Score

StrokeOrigin = Literal["human", "robot"]


class SequenceResult(Settings):
    """Result of a method on a sequence: R rounds, K objects.

    Parameters
    ----------
    sequence : str
    j, f : tuple of R tuple of K float
        Region and boundary measure per round and object, mean over all frames.
    interact, predict : tuple of R float
        Seconds from strokes to seeds, and from seeds to labels; 0 in a round in which
        nothing was left to correct.
    first_strokes : {"human", "robot"}
        Origin of the strokes of the first round.
    superpixels : float
        Mean number per frame.
    ceiling : float
        J if each superpixel had its most frequent true label, mean over frames and
        objects.
    edges : float
        Mean number of directed edges per frame.
    details : tuple of R RoundDetails
        Empty for the protocol "davisinteractive".
    """

    sequence: str
    j: tuple[tuple[float, ...], ...]
    f: tuple[tuple[float, ...], ...]
    interact: tuple[float, ...]
    predict: tuple[float, ...]
    first_strokes: StrokeOrigin
    superpixels: float
    ceiling: float
    edges: float = 0.0
    details: tuple[RoundDetails, ...] = ()

    @classmethod
    def of(
        cls,
        sequence: str,
        scores: Sequence[Score],
        stroke_origin: StrokeOrigin,
        superpixels: float,
        ceiling: float,
    ) -> SequenceResult:
        """Summarise the scores of all rounds."""
        return cls(
            sequence=sequence,
            j=tuple(tuple(score.j.mean(axis=0).tolist()) for score in scores),
            f=tuple(tuple(score.f.mean(axis=0).tolist()) for score in scores),
            interact=tuple(score.interact for score in scores),
            predict=tuple(score.predict for score in scores),
            first_strokes=stroke_origin,
            superpixels=superpixels,
            ceiling=ceiling,
        )

    @property
    def objects(self) -> int:
        """Number of objects K."""
        return len(self.j[0])


@dataclass(frozen=True, slots=True)
class ResultCache:
    """Cache of sequence results on disk, to resume an interrupted benchmark.

    Parameters
    ----------
    folder : Path or None
        One file per sequence and method; None disables the cache.
    """

    folder: Path | None

    @classmethod
    def beside(cls, report: Path | None) -> ResultCache:
        """Create a cache in ``REPORT.partial``, next to the report.

        Raises
        ------
        SettingsError
            If the report cannot be written to this path.
        """
        if report is None:
            return cls(None)
        try:
            report.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The report cannot be written to {report}: {error}. Choose another "
                "path."
            ) from error
        if report.is_dir():
            raise SettingsError(
                f"The report must be a file; {report} is a folder. Choose another name."
            )
        return cls(report.with_name(f"{report.name}.partial"))

    def get(self, sequence: str, key: str) -> SequenceResult | None:
        """Read a result; None if it is missing or unreadable."""
        if self.folder is None:
            return None
        try:
            content = (self.folder / f"{sequence}-{key}.json").read_bytes()
            return SequenceResult.model_validate_json(content)
        except (OSError, ValueError):
            return None

    def put(self, result: SequenceResult, key: str) -> None:
        """Store a result."""
        if self.folder is not None:
            file = self.folder / f"{result.sequence}-{key}.json"
            atomic_write_text(file, result.model_dump_json())

    def clear(self) -> None:
        """Delete the cache, once the report is written."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
