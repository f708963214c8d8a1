"""Checks of output paths before a long computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.formats.output import matching_files
from napari_gnn_vos.io.formats.png import existing_masks, png_names
from napari_gnn_vos.io.formats.registry import LabelFormat, select_output_format
from napari_gnn_vos.io.readers.image_file import FORMATS as IMAGE_FORMATS
from napari_gnn_vos.storage import require_writable_folder, write_error_message


def check_label_output(
    path: Path,
    inputs: Sequence[Path] = (),
    *,
    format_name: str | None = None,
    overwrite: bool = False,
    frame_names: Sequence[str] | None = None,
    largest_label: int = 0,
) -> None:
    """Check that `io.export.export_labels` can write to a path. Nothing is created.

    Parameters
    ----------
    path : Path
        A file with a suffix of a supported format, or a folder.
    inputs : sequence of Path
        Files and folders that must not be replaced.
    format_name : str, optional
        As in `export_labels`.
    overwrite : bool
        Accept existing output.
    frame_names : sequence of str, optional
        As in `export_labels`.
    largest_label : int
        Largest label that will be written.

    Raises
    ------
    SettingsError
        If no format is selected, the package that writes it is not installed, or it
        cannot store the largest label.
    ReadError
        If the path exists and `overwrite` is false, it is one of the inputs, or it
        cannot be written.
    """
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:  # for example a name that is too long
        raise ReadError(write_error_message(path, error)) from error
    if exists and any(path.samefile(source) for source in inputs):
        raise ReadError(write_error_message(path, "it is an input of this command"))
    if exists and not (path.is_file() or path.is_dir()):
        raise ReadError(write_error_message(path, "it is a pipe, a socket or a device"))
    if path.suffix.lower() in IMAGE_FORMATS and path.parent.is_dir():
        _check_not_among_frames(path, inputs)
    selected = select_output_format(path, format_name)
    selected.require_package()
    if largest_label > selected.max_label:
        raise SettingsError(
            f"The format {selected.name} stores labels up to {selected.max_label}; "
            f"there is the label {largest_label}. Renumber the objects, or select "
            "another format, such as a .tif file."
        )
    _check_existing(path, selected, overwrite, frame_names)
    require_writable_folder(path if selected.is_folder else path.parent)


def _check_not_among_frames(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse an image in an input folder, where it would be read as a frame."""
    if any(source.is_dir() and path.parent.samefile(source) for source in inputs):
        reason = "its folder is the input, of which it would become a frame"
        raise ReadError(write_error_message(path, reason))


def existing_output(
    path: Path, selected: LabelFormat, frame_names: Sequence[str] | None = None
) -> list[Path]:
    """List the files that an export in a format would replace."""
    if not selected.is_folder:
        return [path] if path.exists() else []
    if selected.name == "png":
        names = None if frame_names is None else png_names(frame_names)
        return existing_masks(path, names)
    return matching_files(path, selected.patterns)


def _check_existing(
    path: Path,
    selected: LabelFormat,
    overwrite: bool,
    frame_names: Sequence[str] | None,
) -> None:
    if path.exists() and path.is_dir() == selected.is_file:
        reason = "it is a folder" if selected.is_file else "it is a file"
        raise ReadError(write_error_message(path, reason))
    if existing_output(path, selected, frame_names) and not overwrite:
        raise ReadError(
            f"{path} {'contains masks' if selected.is_folder else 'exists'} already. "
            "Choose another path, or replace the labels with --overwrite."
        )
