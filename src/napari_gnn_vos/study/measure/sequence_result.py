"""What is known of a sequence that has been played, in memory and on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_gnn_vos.config import Settings
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.study.rounds import Score

Hand = Literal["human", "robot"]


class SequenceResult(Settings):
    """A sequence that a method has played: R rounds, K objects.

    Parameters
    ----------
    sequence : str
    j, f : tuple of R tuple of K float
        Region and boundary measure of every object after every round, mean over all
        frames.
    interact, predict : tuple of R float
        Seconds from strokes to seeds, and from seeds to labels; 0 in a round in which
        nothing was left to correct.
    first_strokes : {"human", "robot"}
        Who drew in the first round.
    superpixels : float
        Mean number a frame.
    ceiling : float
        J if every superpixel had its commonest true label, mean over frames and
        objects.
    edges : float
        Mean number of directed edges a frame.
    """

    sequence: str
    j: tuple[tuple[float, ...], ...]
    f: tuple[tuple[float, ...], ...]
    interact: tuple[float, ...]
    predict: tuple[float, ...]
    first_strokes: Hand
    superpixels: float
    ceiling: float
    edges: float = 0.0

    @classmethod
    def of(
        cls,
        sequence: str,
        scores: Sequence[Score],
        hand: Hand,
        superpixels: float,
        ceiling: float,
    ) -> SequenceResult:
        """Sum up the scores of all rounds."""
        return cls(
            sequence=sequence,
            j=tuple(tuple(score.j.mean(axis=0).tolist()) for score in scores),
            f=tuple(tuple(score.f.mean(axis=0).tolist()) for score in scores),
            interact=tuple(score.interact for score in scores),
            predict=tuple(score.predict for score in scores),
            first_strokes=hand,
            superpixels=superpixels,
            ceiling=ceiling,
        )

    @property
    def objects(self) -> int:
        """K."""
        return len(self.j[0])


@dataclass(frozen=True, slots=True)
class ResultCache:
    """Played sequences on disk, for a benchmark that was stopped to go on.

    Parameters
    ----------
    folder : Path or None
        A file a sequence and method; None keeps nothing.
    """

    folder: Path | None

    @classmethod
    def beside(cls, report: Path | None) -> ResultCache:
        """Keep them beside a report, in ``REPORT.partial``.

        Raises
        ------
        SettingsError
            If the report could not be written there.
        """
        if report is None:
            return cls(None)
        try:
            report.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The report cannot be written to {report}: {error}. Choose another."
            ) from error
        if report.is_dir():
            raise SettingsError(
                f"The report must be a file; {report} is a folder. Choose another name."
            )
        return cls(report.with_name(f"{report.name}.partial"))

    def get(self, sequence: str, key: str) -> SequenceResult | None:
        """Read what was put; None if there is nothing that can be read."""
        if self.folder is None:
            return None
        try:
            found = (self.folder / f"{sequence}-{key}.json").read_bytes()
            return SequenceResult.model_validate_json(found)
        except (OSError, ValueError):
            return None

    def put(self, played: SequenceResult, key: str) -> None:
        """Write."""
        if self.folder is not None:
            file = self.folder / f"{played.sequence}-{key}.json"
            write_whole(file, played.model_dump_json())

    def clear(self) -> None:
        """Remove everything, as a report is there now."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda file: file.write(text.encode()))
