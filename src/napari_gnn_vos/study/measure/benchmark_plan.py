"""Settings of a benchmark run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from numpy import uint8
from numpy.typing import NDArray

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError, ScribbleError, SettingsError
from napari_gnn_vos.io.davis_scribbles import read_davis_scribbles
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.metrics import objects_of

PROTOCOLS = ("ours", "davisinteractive")
SCRIBBLES_FOLDER = "Scribbles"
"""Folder of the human scribbles of DAVIS."""


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """Sequences, number of rounds and annotation protocol of a benchmark.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    names : tuple of str
        Sequences.
    rounds : int
        Rounds per sequence, 1 or more.
    seed : int
        Seed of all random choices.
    protocol : {"ours", "davisinteractive"}
        Simulated annotator and metrics: those of this package, or those of the
        package of the DAVIS interactive benchmark.
    scribbles : Path, optional
        Folder with human scribbles for the first round, ``SEQUENCE/001.json``; if not
        given, ``Scribbles`` in `root`. Sequences without a file start with the
        simulated annotator.
    cache : Path, optional
        Folder for prepared graphs.
    config : Config
        Settings of the sessions.
    pinned : bool
        Whether cached results are valid for this version of the package; if False, for
        identical source only.

    Raises
    ------
    SettingsError
        If `rounds` is below 1 or the protocol is unknown.
    ReadError
        If the scribbles folder does not exist.
    """

    root: Path
    names: tuple[str, ...]
    rounds: int = 8
    seed: int = 0
    protocol: str = "ours"
    scribbles: Path | None = None
    cache: Path | None = None
    config: Config = field(default_factory=Config)
    pinned: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise SettingsError(
                f"A benchmark needs 1 round or more; got {self.rounds}. DAVIS uses 8."
            )
        if self.protocol not in PROTOCOLS:
            raise SettingsError(
                f"The protocol must be one of {PROTOCOLS}, not {self.protocol!r}."
            )
        if self.scribbles is not None and not self.scribbles.is_dir():
            raise ReadError(
                f"Expected a folder with strokes for the first round; {self.scribbles} "
                "is not a folder. Check the path, or omit it to use simulated strokes."
            )

    def strokes_file(self, name: str) -> Path | None:
        """Return the path of the first-round scribbles of a sequence, if it exists."""
        folder = self.scribbles or self.root / SCRIBBLES_FOLDER
        file = folder / name / "001.json"
        return file if file.is_file() else None

    def first_strokes(self, name: str, truth: NDArray[uint8]) -> tuple[Scribble, ...]:
        """Read the human scribbles of a sequence; empty if there are none.

        Parameters
        ----------
        name : str
        truth : (T, H, W) ndarray of uint8

        Raises
        ------
        ReadError
            If the file is not in the format of DAVIS, or is of another sequence.
        ScribbleError
            If the strokes mark objects that the truth does not have.
        """
        file = self.strokes_file(name)
        if file is None:
            return ()
        strokes = read_davis_scribbles(file, (len(truth), *truth.shape[1:]))
        return match_stroke_labels(strokes, objects_of(truth), file)

    def key(self, method: Method, name: str) -> str:
        """Hash all that the result of a method on a sequence depends on."""
        file = self.strokes_file(name)
        depends_on = (
            version("napari-gnn-vos") if self.pinned else _source_digest(),
            method.name,
            method.metadata,
            self.config.model_dump(),
            (self.rounds, self.seed, self.protocol, str(self.root.resolve())),
            file.read_text("utf-8") if file else None,
        )
        text = json.dumps(depends_on, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def match_stroke_labels(
    strokes: tuple[Scribble, ...], objects: tuple[int, ...], file: Path
) -> tuple[Scribble, ...]:
    """Match stroke labels to the objects of the ground truth.

    DAVIS 2016 merges objects that DAVIS 2017 separates, and scribbles are those of
    2017: if the ground truth has one object, all object strokes are assigned to it.
    """
    drawn = {stroke.label for stroke in strokes if stroke.label > 0}
    if drawn <= set(objects):
        return strokes if drawn else ()
    if len(objects) > 1:
        raise ScribbleError(
            f"Expected strokes on the objects {objects} of the truth; those in {file} "
            f"are on {tuple(sorted(drawn))}. Use strokes and masks of one data set."
        )
    return tuple(
        replace(stroke, label=objects[0]) if stroke.label > 0 else stroke
        for stroke in strokes
    )


@cache
def _source_digest() -> str:
    """Hash the source of this package, without the GUI."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        if "gui" not in file.relative_to(root).parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()
