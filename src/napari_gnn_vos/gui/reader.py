"""Opens files and folders as layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari.utils.notifications import show_warning

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.pictures import LayerData, image_data, labels_data, truth_data

Reader = Callable[[str], list[LayerData]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Tell napari how a path is opened.

    Parameters
    ----------
    path : str or list of str
        One file or folder; several are not ours to stack.

    Returns
    -------
    read : callable or None
        None if we cannot open it.
    """
    from napari_gnn_vos.io.read import SUFFIXES

    if isinstance(path, list):
        return None
    place = Path(path)
    if place.is_dir() and place.suffix != ".zarr":
        return read if _has_pictures(place) else None
    return read if place.suffix.lower() in SUFFIXES else None


def read(path: str) -> list[LayerData]:
    """Read a video, and the masks of a DAVIS sequence as a second layer.

    A TIFF of labels or strokes that we have written becomes a labels layer again.

    Raises
    ------
    ReadError, VideoError
        If the file is broken, or no video.
    """
    from napari_gnn_vos.io.read import read_video
    from napari_gnn_vos.io.tiff import read_labels

    place = Path(path)
    if place.suffix.lower() in (".tif", ".tiff"):
        saved = read_labels(place)
        if saved is not None:
            return [labels_data(*saved, place.stem)]
    return [image_data(read_video(path)), *_davis_masks(Path(path).resolve())]


def _has_pictures(folder: Path) -> bool:
    """Whether there are pictures; of several kinds, reading says what is wrong."""
    from napari_gnn_vos.io.folder import list_images

    try:
        return len(list_images(folder)) > 1
    except OSError:
        return False


def _davis_masks(folder: Path) -> list[LayerData]:
    """Read the truth of ``ROOT/JPEGImages/480p/NAME``, if there is one."""
    from napari_gnn_vos.io.davis import read_davis

    if len(folder.parents) < 3 or folder.parents[1].name != "JPEGImages":
        return []
    try:
        root, resolution = folder.parents[2], folder.parent.name
        _, truth = read_davis(root, folder.name, resolution)
    except GnnVosError as error:
        show_warning(f"The frames are open, but not their masks: {error}")
        return []
    return [truth_data(truth, folder.name)]
