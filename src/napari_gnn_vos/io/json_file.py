"""Read JSON files of bounded size and validate them; types of their schemas."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.storage import refuse_special_file

M = TypeVar("M")
MAX_BYTES = 256 * 2**20
"""Size of the largest file that is read."""

Byte = Annotated[int, Field(ge=0, le=255)]
Side = Annotated[int, Field(ge=1, le=65535)]
"""Height or width of an image."""
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
"""Coordinate of a point in pixels."""
Text = Annotated[str, Field(max_length=10_000)]


def read_json(path: Path, schema: TypeAdapter[M], expected: str) -> M:
    """Read a JSON file in UTF-8, UTF-16 or UTF-32, with or without byte order mark.

    Parameters
    ----------
    path : Path
    schema : pydantic.TypeAdapter
        Type of the content, with limits on counts and ranges.
    expected : str
        Description of the content, the beginning of the error message.

    Returns
    -------
    content
        An instance of the type of `schema`.

    Raises
    ------
    ReadError
        If the file is missing, too large, not JSON, nested too deeply, or does not
        match the schema.
    """
    try:
        refuse_special_file(path)
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(min(size, MAX_BYTES) + 1)
        text = content.decode(json.detect_encoding(content))
        if len(content) <= MAX_BYTES:
            return schema.validate_json(text.removeprefix("\ufeff"))
    except ValidationError as error:
        raise ReadError(
            f"{expected}; {path} differs: {validation_summary(error)}. Check the file."
        ) from error
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{expected}; {path} cannot be read: {error}. Check the file."
        ) from error
    raise ReadError(
        f"{expected}; {path} is larger than the limit of {MAX_BYTES} bytes. "
        "Split the file."
    )


def first_character(path: Path) -> str:
    """Return the first character of a JSON file after byte order mark and spaces."""
    with path.open("rb") as file:
        start = file.read(64)
    text = start.decode(json.detect_encoding(start), "ignore")
    return text.lstrip("\ufeff \t\r\n")[:1]


def validation_summary(error: ValidationError) -> str:
    """Return position and reason of the first problem, and the number of others."""
    first = error.errors(include_url=False, include_input=False)[0]
    position = ".".join(map(str, first["loc"])) or "the content"
    others = error.error_count() - 1
    return f"{position}: {first['msg']}" + (f" (and {others} more)" if others else "")
