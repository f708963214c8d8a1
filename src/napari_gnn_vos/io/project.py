"""Save and open projects: a video, its strokes, rounds, predictions and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from napari_gnn_vos import __version__
from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.json_file import validation_summary
from napari_gnn_vos.io.project_log import ProjectLog
from napari_gnn_vos.io.project_parts import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    checksum,
    decode_prediction,
    encode_prediction,
    is_project,
    read_part,
    write_parts,
)
from napari_gnn_vos.structures.project import SavedPrediction, VideoReference

FORMAT_VERSION = 1
MAX_PART_BYTES = 2**34
MAX_THUMBNAIL = 512
"""Pixels in each direction."""

Text = Annotated[str, Field(max_length=10_000)]
Length = Annotated[int, Field(ge=1, lt=2**31)]


class _Part(BaseModel):
    """A file of the project; `bytes` and `sha256` are absent while it grows."""

    name: Text
    bytes: Annotated[int, Field(ge=0, le=MAX_PART_BYTES)] | None = None
    sha256: Text | None = None


class _Video(BaseModel):
    """See `VideoReference`."""

    name: Text
    shape: tuple[Length, Length, Length]
    absolute: Text = ""
    relative: Text = ""
    fingerprint: Text = ""


class _Manifest(BaseModel):
    """Content of the manifest."""

    format: Literal["napari-gnn-vos project"] = "napari-gnn-vos project"
    version: int = FORMAT_VERSION
    created_by: Text = ""
    video: _Video
    config: Config
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    model: Text = ""
    model_sha256: Text = ""
    frame: Annotated[int, Field(ge=0, lt=2**31)] = 0
    strokes: _Part
    thumbnail: _Part | None = None
    predictions: dict[int, _Part] = Field(default_factory=dict, max_length=10_000)


@dataclass(eq=False)
class Project:
    """Everything that continues an annotation, without the video itself.

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
        manifest = _read_manifest(location)
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
        location = Path(path).expanduser()
        try:
            _require_replaceable(location)
            parts: dict[str, bytes] = {}
            manifest = self._manifest(parts).model_dump_json(indent=1).encode()
            write_parts(location, parts, manifest)
        except OSError as error:
            if isinstance(error, ReadError):
                raise
            raise ReadError(
                f"The project cannot be written to {location}: {error}. Nothing is "
                "lost; check the free space and the permissions, or save elsewhere."
            ) from error

    def grow_in(self, folder: Path) -> None:
        """Write the manifest of a project whose log is appended to elsewhere.

        Parameters
        ----------
        folder : Path
            An existing folder; its log is the file `GROWING_LOG`.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        parts: dict[str, bytes] = {}
        manifest = self._manifest(parts, growing=True)
        write_parts(folder, parts, manifest.model_dump_json().encode())

    def _manifest(self, parts: dict[str, bytes], *, growing: bool = False) -> _Manifest:
        """Encode all parts into `parts`, and describe them.

        If the log is `growing`, it and the predictions are left out.
        """

        def add(prefix: str, suffix: str, content: bytes) -> _Part:
            digest = checksum(content)
            name = f"{prefix}-{digest[:16]}.{suffix}"
            parts[name] = content
            return _Part(name=name, bytes=len(content), sha256=digest)

        thumbnail = None
        if self.thumbnail is not None:
            thumbnail = add("thumbnail", "png", _png(self.thumbnail))
        return _Manifest(
            created_by=f"napari-gnn-vos {__version__}",
            video=_Video(**asdict(self.video)),
            config=self.config,
            seed=self.seed,
            model=self.model,
            model_sha256=self.model_sha256,
            frame=self.frame,
            strokes=_Part(name=GROWING_LOG)
            if growing
            else add("strokes", "jsonl", b"".join(self.log.lines)),
            thumbnail=thumbnail,
            predictions={
                index: add(f"round-{index}", "safetensors", encode_prediction(saved))
                for index, saved in self.predictions.items()
                if not growing
            },
        )


GROWING_LOG = "log.jsonl"
"""Name of a log that is appended to."""


class _PartReader:
    """Read the parts of a project, and collect the problems."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.problems: list[str] = []

    def read(self, part: _Part) -> bytes | None:
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
        self, part: _Part, shape: tuple[int, int, int], model: str
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

    def thumbnail(self, part: _Part | None) -> NDArray[np.uint8] | None:
        """Read the thumbnail, if it has an acceptable size."""
        content = None if part is None else self.read(part)
        if content is None:
            return None
        try:
            with Image.open(BytesIO(content), formats=["PNG"]) as image:
                if max(image.size) <= MAX_THUMBNAIL:
                    return np.asarray(image.convert("RGB"))
                reason = f"it has {image.size} pixels"
        except (OSError, ValueError, SyntaxError) as error:
            reason = str(error)
        self.problems.append(f"The thumbnail is damaged: {reason}.")
        return None


def _read_manifest(project: Path) -> _Manifest:
    content = read_part(project, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        version = _Version.model_validate_json(content)
        if version.version > FORMAT_VERSION:
            raise ReadError(
                f"The project {project} has the format version {version.version}; this "
                f"version of napari-gnn-vos reads up to {FORMAT_VERSION}. Update it."
            )
        return _Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ReadError(
            f"The manifest of the project {project} is damaged: "
            f"{validation_summary(error)}. Restore it from a copy."
        ) from error


class _Version(BaseModel):
    """The fields of the manifest that all format versions have."""

    format: Literal["napari-gnn-vos project"]
    version: Annotated[int, Field(ge=1)]


def _require_replaceable(path: Path) -> None:
    """Check that a path is free, an empty folder, or a project."""
    if not path.exists() or is_project(path):
        return
    if path.is_dir() and not any(path.iterdir()):
        return
    raise ReadError(
        f"{path} exists and is not a project. Choose another name for the project."
    )


def _png(image: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    picture = Image.fromarray(image)
    picture.thumbnail((MAX_THUMBNAIL, MAX_THUMBNAIL))
    picture.save(stream, "PNG")
    return stream.getvalue()


def make_thumbnail(
    image: NDArray[np.uint8], canvas: NDArray[Any] | None
) -> NDArray[np.uint8]:
    """Reduce a frame to at most 192 pixels, with the strokes in white."""
    marked = image.copy()
    if canvas is not None:
        marked[canvas > 0] = 255
    picture = Image.fromarray(marked)
    picture.thumbnail((192, 192))
    return np.asarray(picture)
