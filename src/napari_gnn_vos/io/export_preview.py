"""Preview of an export: files, size and what is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.formats.registry import LabelFormat, select_output_format
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.output_path import check_label_output, existing_output

EXAMPLES = 3
"""Number of file names in a preview."""
UNITS = ("bytes", "KB", "MB", "GB", "TB")


class LabelImages(Protocol):
    """T label images of (H, W) pixels by frame."""

    def __len__(self) -> int: ...

    def __getitem__(self, t: int, /) -> NDArray[Any]: ...


@dataclass(frozen=True)
class ExportPreview:
    """Files, size and type of the output of an export.

    Parameters
    ----------
    path : Path
        File or folder.
    files : int
        Expected number of files.
    examples : tuple of str
        Names of the first files, relative to the folder.
    size : int
        Expected size in bytes, extrapolated from a few frames.
    shape : (int, int, int)
        T, H, W.
    dtype : str
        Type of the labels.
    replaced : int
        Number of existing files that are replaced.
    """

    path: Path
    files: int
    examples: tuple[str, ...]
    size: int
    shape: tuple[int, int, int]
    dtype: str
    replaced: int


def preview_export(
    labels: VideoLabels,
    frames: LabelImages,
    path: Path,
    format_name: str | None = None,
    *,
    inputs: Sequence[Path] = (),
) -> ExportPreview:
    """Check an output path, and write a few frames to a temporary folder.

    Parameters
    ----------
    labels : VideoLabels
        Names, colours and options; its `frames` are not read.
    frames : sequence of T (H, W) ndarray of integer
        Label images.
    path : Path
    format_name : str, optional
        As in `io.export.export_labels`.
    inputs : sequence of Path
        Files and folders that must not be replaced.

    Returns
    -------
    preview : ExportPreview

    Raises
    ------
    SettingsError
        If no format is selected, or its package is missing.
    ReadError
        If the path cannot be written.
    ShapeError
        If the labels cannot be stored in the format.
    """
    names = labels.frame_names
    check_label_output(
        path, inputs, format_name=format_name, overwrite=True, frame_names=names
    )
    selected = select_output_format(path, format_name)
    count, last = len(frames), len(frames) - 1
    sampled = [0] if last == 0 else [0, last // 2, last]
    first_sizes, sizes = (
        _write_frames(labels, frames, numbers, selected, path)
        for numbers in ([0], sampled)
    )
    steps = max(len(sampled) - 1, 1)
    first_size = sum(first_sizes.values())
    growth = max(sum(sizes.values()) - first_size, 0)
    return ExportPreview(
        path,
        len(first_sizes) + (count - 1) * (len(sizes) - len(first_sizes)) // steps,
        tuple(sizes)[:EXAMPLES],
        first_size + (count - 1) * growth // steps,
        (count, *np.shape(frames[0])),
        str(np.asarray(frames[0]).dtype),
        len(existing_output(path, selected, names)),
    )


def _write_frames(
    labels: VideoLabels,
    frames: LabelImages,
    selected: Sequence[int],
    output_format: LabelFormat,
    path: Path,
) -> dict[str, int]:
    """Write selected frames to a temporary folder; return file sizes by name."""
    names, image = labels.frame_names, labels.image
    selected_labels = replace(
        labels,
        frames=[np.asarray(frames[t]) for t in selected],
        frame_names=None if names is None else [names[t] for t in selected],
        image=None if image is None else lambda t: image(selected[t]),
    )
    with TemporaryDirectory() as folder:
        output = Path(folder) / path.name
        output_format.write(selected_labels, output)
        files = sorted(output.rglob("*")) if output.is_dir() else [output]
        base = output if output.is_dir() else output.parent
        return {
            file.relative_to(base).as_posix(): file.stat().st_size
            for file in files
            if file.is_file()
        }


def describe_preview(preview: ExportPreview) -> str:
    """Describe in a few lines what an export will write."""
    frames, height, width = preview.shape
    examples = ", ".join(preview.examples)
    more = ", ..." if preview.files > len(preview.examples) else ""
    one = preview.files == 1
    lines = [
        str(Path(preview.path)),
        "1 file" if one else f"{preview.files} files: {examples}{more}",
        f"t, y, x: {frames} x {height} x {width}, {preview.dtype}",
        f"About {format_size(preview.size)}",
    ]
    if preview.replaced:
        count = preview.replaced
        lines.append(f"Replaces {count} existing file{'' if count == 1 else 's'}")
    return "\n".join(lines)


def format_size(size: float) -> str:
    """Return a number of bytes with a unit and at most three digits.

    Examples
    --------
    >>> format_size(17), format_size(1234), format_size(98_765_432)
    ('17 bytes', '1.2 KB', '99 MB')
    """
    unit = 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {UNITS[unit]}"
