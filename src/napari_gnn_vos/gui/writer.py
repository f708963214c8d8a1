"""Writers of labels layers for other programs: File > Save Selected Layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.gui.layers.factory import names_in


def write_pngs(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:  # noqa: ARG001
    """Write a folder with one PNG per frame, in the palette of DAVIS.

    Parameters
    ----------
    path : str
        Folder to write.
    data : (T, H, W) array-like of integer
        ``layer.data``; other axes must have length 1.
    attributes : dict
        Attributes of the layer; not used.

    Returns
    -------
    paths : list of str
        The folder.

    Raises
    ------
    ShapeError, ReadError
        If the layer is not that of a video, or the folder cannot be written.
    """
    from napari_gnn_vos.io.export import export_palette_pngs

    export_palette_pngs(frames_of(data), path)
    return [path]


def write_tiff(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a multi-page TIFF; see :func:`write_pngs` for the parameters.

    A file name without suffix, as napari's dialog suggests, gets the suffix ``.tif``.
    Object names are stored in the file.
    """
    from napari_gnn_vos.io.export import export_tiff

    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        path = f"{path}.tif"
    export_tiff(frames_of(data), path, names_in(attributes.get("features", {})))
    return [path]


def write_coco(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a JSON file in the COCO format for videos; see :func:`write_pngs`.

    Object names become categories.
    """
    from napari_gnn_vos.io.coco import export_coco

    export_coco(frames_of(data), path, names_in(attributes.get("features", {})))
    return [path]


def frames_of(data: Any) -> NDArray[Any]:
    """View a layer's array as (T, H, W).

    Raises
    ------
    ShapeError
        If another axis is longer than 1.
    """
    labels = np.asarray(data)
    if labels.ndim < 3 or np.prod(labels.shape[1:-2]) != 1:
        raise ShapeError(
            "A labels layer with (time, row, column) can be saved; this one has the "
            f"shape {labels.shape}. Choose the layer of a video."
        )
    return labels.reshape(-1, *labels.shape[-2:])
