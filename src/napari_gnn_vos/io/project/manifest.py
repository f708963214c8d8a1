"""The manifest of a project, and migrations of its format version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.json_file import Text, validation_summary
from napari_gnn_vos.io.project.parts import MANIFEST, MAX_MANIFEST_BYTES, read_part

FORMAT_VERSION = 2
"""Version 2 has labels above 254, and records of many labels, of the active label and
of changes of the history."""
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: dict}
"""From each older format version: the manifest of the next version, without its
number."""

MAX_PART_BYTES = 2**34

Length = Annotated[int, Field(ge=1, lt=2**31)]


class Part(BaseModel):
    """A file of the project; `bytes` and `sha256` are absent while it grows."""

    name: Text
    bytes: Annotated[int, Field(ge=0, le=MAX_PART_BYTES)] | None = None
    sha256: Text | None = None


class VideoRecord(BaseModel):
    """See `VideoReference`."""

    name: Text
    shape: tuple[Length, Length, Length]
    absolute: Text = ""
    relative: Text = ""
    fingerprint: Text = ""


class Manifest(BaseModel):
    """Content of the manifest."""

    format: Literal["napari-gnn-vos project"] = "napari-gnn-vos project"
    version: int = FORMAT_VERSION
    created_by: Text = ""
    video: VideoRecord
    config: Config
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    model: Text = ""
    model_sha256: Text = ""
    frame: Annotated[int, Field(ge=0, lt=2**31)] = 0
    strokes: Part
    thumbnail: Part | None = None
    predictions: dict[int, Part] = Field(default_factory=dict, max_length=10_000)


class FormatVersion(BaseModel):
    """The fields of the manifest that all format versions have."""

    format: Literal["napari-gnn-vos project"]
    version: Annotated[int, Field(ge=1)]


def read_manifest(project: Path) -> Manifest:
    """Read the manifest of a project, and migrate it to the present format version.

    Raises
    ------
    ReadError
        If it is damaged, or was written by a newer version of this package.
    """
    content = read_part(project, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        version = FormatVersion.model_validate_json(content).version
        if version > FORMAT_VERSION:
            raise ReadError(
                f"The project {project} has the format version {version}; this "
                f"version of napari-gnn-vos reads up to {FORMAT_VERSION}. Update it."
            )
        return Manifest.model_validate(migrated(from_json(content), version))
    except (ValidationError, LookupError, TypeError) as error:
        reason = str(error)
        if isinstance(error, ValidationError):
            reason = validation_summary(error)
        raise ReadError(
            f"The manifest of the project {project} is damaged: {reason}. Restore it "
            "from a copy."
        ) from error


def migrated(manifest: dict[str, Any], version: int) -> dict[str, Any]:
    """Apply the migrations from a format version to the present one, in turn."""
    for number in range(version, FORMAT_VERSION):
        manifest = MIGRATIONS[number](manifest) | {"version": number + 1}
    return manifest
