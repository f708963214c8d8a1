"""Assignment of named axes of a file to time, rows, columns and channels."""

from __future__ import annotations

from napari_gnn_vos.errors import ReadError

TIME_AXES = "TIQRZC"
"""Axes that are read as time, in order of preference; I, Q and R are unnamed axes."""
MAX_CHANNELS = 4
"""Largest number of channels of a video."""


def video_axes(axes: str, shape: tuple[int, ...], frame_per_file: bool = False) -> str:
    """Map the axes of a TIFF series to T, C, Y and X.

    Without other axis for time, channels are read as time: some programs save frames as
    channels.

    Parameters
    ----------
    axes : str
        Axis names of tifffile: ``S`` is samples per pixel, ``Q`` and ``I`` are unknown.
    shape : tuple of int
        Length of each axis.
    frame_per_file : bool
        Never read an axis C as time.

    Returns
    -------
    axes : str
        ``Y``, ``X``, and ``T`` and ``C`` if present, in the order of the file.

    Raises
    ------
    ReadError
        If the series has other axes.

    Examples
    --------
    >>> video_axes("QYXS", (9, 32, 40, 3)), video_axes("ZCYX", (9, 2, 32, 40))
    ('TYXC', 'TCYX')
    """
    named = "TYXC" if axes == "QQYX" and shape[3] <= 4 < shape[1] else axes
    if "T" not in named:
        candidates = TIME_AXES.replace("C", "") if frame_per_file else TIME_AXES
        time = next((axis for axis in candidates if axis in named), "T")
        named = named.replace(time, "T", 1)
    if "C" not in named:
        channels = next((axis for axis in "SQIR" if axis in named), "C")
        named = named.replace(channels, "C", 1)
    if not {"Y", "X"} <= set(named) <= set("TCYX") or len(named) > len(set(named)):
        raise ReadError(
            "Expected the axes time, rows, columns and optionally channels; the file "
            f"has axes {axes} of lengths {tuple(shape)}. Export one plane, or a "
            "projection, as a separate TIFF."
        )
    return named
