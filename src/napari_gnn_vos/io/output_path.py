"""Checks of output paths before a long computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.export import (
    COCO_SUFFIX,
    TIFF_SUFFIXES,
    existing_masks,
    png_names,
)
from napari_gnn_vos.io.label_images import write_error_message
from napari_gnn_vos.storage import require_writable_folder


def check_label_output(
    path: Path,
    inputs: Sequence[Path] = (),
    *,
    overwrite: bool = False,
    frame_names: Sequence[str] | None = None,
) -> None:
    """Check that `io.export.export_labels` can write to a path. Nothing is created.

    Parameters
    ----------
    path : Path
        A file with a suffix of a supported format, or a folder.
    inputs : sequence of Path
        Files and folders that must not be replaced.
    overwrite : bool
        Accept existing output.
    frame_names : sequence of str, optional
        As in `export_labels`.

    Raises
    ------
    SettingsError
        If the suffix is that of an unsupported format.
    ReadError
        If the path exists and `overwrite` is false, it is one of the inputs, or it
        cannot be written.
    """
    try:
        exists = path.exists()
    except OSError as error:  # for example a name that is too long
        raise ReadError(write_error_message(path, error)) from error
    if exists and any(path.samefile(source) for source in inputs):
        raise ReadError(write_error_message(path, "it is an input of this command"))
    is_file = _selects_file(path)
    _check_existing(path, is_file, overwrite, frame_names)
    require_writable_folder(path.parent if is_file else path)


def _selects_file(path: Path) -> bool:
    """Return whether the suffix selects a file format, False for a folder."""
    suffix = path.suffix.lower()
    if suffix in (*TIFF_SUFFIXES, COCO_SUFFIX):
        return True
    if path.is_dir() or not suffix or suffix[1:].isdigit():
        return False
    raise SettingsError(
        f"Expected {', '.join(TIFF_SUFFIXES)}, {COCO_SUFFIX} or a folder for PNG "
        f"files; the suffix {path.suffix!r} of {path} selects no supported format. "
        "Change the suffix, or create the folder first if its name contains a dot."
    )


def _check_existing(
    path: Path, is_file: bool, overwrite: bool, frame_names: Sequence[str] | None
) -> None:
    if is_file and path.is_dir():
        raise ReadError(write_error_message(path, "it is a folder"))
    names = None if frame_names is None else png_names(frame_names)
    exists = path.exists() if is_file else bool(existing_masks(path, names))
    if exists and not overwrite:
        raise ReadError(
            f"{path} {'exists' if is_file else 'contains masks'} already. Choose "
            "another path, or replace the labels with --overwrite."
        )
