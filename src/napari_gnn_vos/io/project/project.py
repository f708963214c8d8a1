"""Save and open projects: a video, its strokes, rounds, predictions and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos import __version__
from napari_gnn_vos.arguments import file_path, validated
from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.manifest import (
    FORMAT_VERSION,
    MAX_PART_BYTES,
    Manifest,
    Part,
    VideoRecord,
    read_manifest,
)
from napari_gnn_vos.io.project.parts import (
    MANIFEST,
    checksum,
    is_project,
    read_part,
    write_parts,
)
from napari_gnn_vos.io.project.saved_prediction import (
    decode_prediction,
    encode_prediction,
)
from napari_gnn_vos.io.project.thumbnail import decode_thumbnail, encode_thumbnail
from napari_gnn_vos.progress import Pipeline, Progress, drain
from napari_gnn_vos.structures.project import SavedPrediction, VideoReference


@dataclass(eq=False)
class Project:
    """All data that are needed to continue an annotation, except the video.

    Parameters
    ----------
    video : VideoReference
    log : ProjectLog
        Strokes, rounds, history and objects.
    config : Config
        Settings of the session.
    seed : int
        Round r draws from ``numpy.random.default_rng([seed, r])``.
    model, model_sha256 : str
        Name of the network and checksum of its weights.
    frame : int
        Frame on screen.
    predictions : mapping of int to SavedPrediction
        Result of each round, by its index in ``log.rounds``.
    thumbnail : (h, w, 3) ndarray of uint8, optional
    path : Path, optional
        Where it was opened from.
    problems : tuple of str
        Parts that were damaged, one sentence for each.

    Examples
    --------
    >>> project = Project.open("clip.gnnvos")  # doctest: +SKIP
    >>> project.log.drawing.of_kind("brush")[0].shape  # doctest: +SKIP
    (480, 854)
    """

    video: VideoReference
    log: ProjectLog
    config: Config = field(default_factory=Config)
    seed: int = 0
    model: str = ""
    model_sha256: str = ""
    frame: int = 0
    predictions: Mapping[int, SavedPrediction] = field(default_factory=dict)
    thumbnail: NDArray[np.uint8] | None = None
    path: Path | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    @validated(path=file_path)
    def open(cls, path: str | PathLike[str]) -> Self:
        """Open a project; damaged parts are listed in `problems`, the rest is read.

        Parameters
        ----------
        path : path
            A project folder, or a ``.gnnvos`` file.

        Raises
        ------
        ReadError
            If this is no project, its manifest is damaged, or it was written by a
            newer version.
        """
        location = Path(path).expanduser()
        if not is_project(location):
            raise ReadError(
                f"Expected a project, which is a .gnnvos file or a folder with "
                f"{MANIFEST}; {location} is neither. Choose another path."
            )
        manifest = read_manifest(location)
        reader = _PartReader(location)
        log = ProjectLog(manifest.video.shape)
        damaged = log.load(reader.read(manifest.strokes) or b"")
        if damaged:
            reader.problems.append(f"{damaged} records of strokes are damaged.")
        predictions = {}
        for index, part in manifest.predictions.items():
            saved = reader.prediction(part, log.shape, manifest.model)
            if saved is not None and 0 <= index < len(log.rounds):
                predictions[index] = saved
        return cls(
            VideoReference(**manifest.video.model_dump()),
            log,
            manifest.config,
            manifest.seed,
            manifest.model,
            manifest.model_sha256,
            min(manifest.frame, log.shape[0] - 1),
            predictions,
            reader.thumbnail(manifest.thumbnail),
            location,
            tuple(reader.problems),
        )

    @validated(path=file_path)
    def save(self, path: str | PathLike[str]) -> None:
        """Write the project; one that exists is replaced after all parts are written.

        Parameters
        ----------
        path : path
            A folder, or a file with the suffix ``.gnnvos``.

        Raises
        ------
        ReadError
            If something is in the way, or cannot be written. A project that existed
            stays as it was.
        """
        drain(self.saving(path))

    def saving(self, path: str | PathLike[str]) -> Pipeline[None]:
        """Write the project as a pipeline; see :meth:`save`.

        Yields
        ------
        step : Progress
            Before each encoded round, and before all parts are written.
        """
        location, total = Path(path).expanduser(), len(self.predictions) + 1
        parts: dict[str, bytes] = {}
        try:
            _require_replaceable(location)
            log = _add_part(parts, "strokes", "jsonl", b"".join(self.log.lines))
            predictions: dict[int, Part] = {}
            for index, saved in self.predictions.items():
                yield Progress("save", len(predictions), total)
                content = encode_prediction(saved)
                name = f"round-{index}"
                predictions[index] = _add_part(parts, name, "safetensors", content)
            manifest = self._manifest(log, predictions, parts)
            yield Progress("save", total - 1, total)
            write_parts(location, parts, manifest.model_dump_json(indent=1).encode())
        except OSError as error:
            if isinstance(error, ReadError):
                raise
            raise ReadError(
                f"The project cannot be written to {location}: {error}. Nothing is "
                "lost; check the free space and the permissions, or save elsewhere."
            ) from error

    def grow_in(self, folder: Path, *, durable: bool = True) -> None:
        """Write the manifest of a project whose log is appended to elsewhere.

        Parameters
        ----------
        folder : Path
            An existing folder; its log is the file `GROWING_LOG`.
        durable : bool
            Whether to wait until it is on the disk.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        parts: dict[str, bytes] = {}
        manifest = self._manifest(Part(name=GROWING_LOG), {}, parts)
        manifest.version = FORMAT_VERSION  # that of any later record
        write_parts(folder, parts, manifest.model_dump_json().encode(), durable=durable)

    def _manifest(
        self, strokes: Part, predictions: dict[int, Part], parts: dict[str, bytes]
    ) -> Manifest:
        """Describe the project; the thumbnail is added to `parts`."""
        thumbnail = None
        if self.thumbnail is not None:
            content = encode_thumbnail(self.thumbnail)
            thumbnail = _add_part(parts, "thumbnail", "png", content)
        return Manifest(
            version=self.log.format_version,
            created_by=f"napari-gnn-vos {__version__}",
            video=VideoRecord(**asdict(self.video)),
            config=self.config,
            seed=self.seed,
            model=self.model,
            model_sha256=self.model_sha256,
            frame=self.frame,
            strokes=strokes,
            thumbnail=thumbnail,
            predictions=predictions,
        )


GROWING_LOG = "log.jsonl"
"""Name of a log that is appended to."""


def _add_part(
    parts: dict[str, bytes], prefix: str, suffix: str, content: bytes
) -> Part:
    """Add a part under a name with its checksum, and describe it."""
    digest = checksum(content)
    name = f"{prefix}-{digest[:16]}.{suffix}"
    parts[name] = content
    return Part(name=name, bytes=len(content), sha256=digest)


class _PartReader:
    """Read the parts of a project, and collect the problems."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.problems: list[str] = []

    def read(self, part: Part) -> bytes | None:
        """Read a part and compare its checksum; None if it cannot be read.

        A log with another checksum is read, because each record has its own.
        """
        limit = MAX_PART_BYTES if part.bytes is None else part.bytes
        try:
            content = read_part(self._project, part.name, limit)
        except ReadError as error:
            self.problems.append(str(error))
            return None
        if part.sha256 not in (None, checksum(content)):
            self.problems.append(f"{part.name} is damaged: its checksum differs.")
            return content if part.name.endswith(".jsonl") else None
        return content

    def prediction(
        self, part: Part, shape: tuple[int, int, int], model: str
    ) -> SavedPrediction | None:
        """Read the result of a round; it is predicted again if it is damaged."""
        content = self.read(part)
        if content is None:
            return None
        try:
            return decode_prediction(content, shape, model)
        except ReadError as error:
            self.problems.append(f"{part.name}: {error}")
            return None

    def thumbnail(self, part: Part | None) -> NDArray[np.uint8] | None:
        """Read the thumbnail, if it has an acceptable size."""
        content = None if part is None else self.read(part)
        if content is None:
            return None
        try:
            return decode_thumbnail(content)
        except ReadError as error:
            self.problems.append(str(error))
            return None


def _require_replaceable(path: Path) -> None:
    """Check that a path is free, an empty folder, or a project."""
    if not path.exists() or is_project(path):
        return
    if path.is_dir() and not any(path.iterdir()):
        return
    raise ReadError(
        f"{path} exists and is not a project. Choose another name for the project."
    )
