"""OME data sets whose planes are in several files of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.image_file import image_format
from napari_gnn_vos.io.readers.tiff import TiffFrames


def open_data_set(files: Sequence[Path]) -> TiffFrames | None:
    """Open the data set that the images of a folder belong to.

    Each of its files describes all planes, so that they are not read by themselves.

    Parameters
    ----------
    files : sequence of Path
        All images of the folder.

    Returns
    -------
    frames : TiffFrames or None
        None if the first file has all of its planes.

    Raises
    ------
    ReadError
        If there are other images beside the files of the data set.
    """
    first = files[0]
    if len(files) == 1 or image_format(first) != "TIFF":
        return None
    try:
        frames = TiffFrames(first)
    except ReadError:  # reported when the file is read by itself
        return None
    parts = {file.resolve() for file in frames.files}
    others = [file.name for file in files if file.resolve() not in parts]
    if len(parts) > 1 and not others:
        return frames
    frames.close()
    if len(parts) == 1:
        return None
    raise ReadError(
        f"Expected one OME data set; {first.parent} has other images beside its files, "
        f"such as {others[0]}. Move them to another folder, or open {first.name}."
    )
