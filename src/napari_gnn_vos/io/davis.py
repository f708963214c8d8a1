"""Data sets in the layout of DAVIS: frames, and masks that tell the truth.

Frames are ``ROOT/JPEGImages/480p/SEQUENCE/00000.jpg``, masks are
``ROOT/Annotations/480p/SEQUENCE/00000.png``.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.structures.video import Video

Truth = NDArray[np.uint8]


def sequences(
    root: str | PathLike[str],
    list_or_file: str | PathLike[str],
    resolution: str = "480p",
) -> list[str]:
    """Names of sequences, each of which is there.

    Parameters
    ----------
    root : path
        Folder with ``JPEGImages``.
    list_or_file : str or path
        Names with commas between, or a text file with one name a line, such as
        ``ImageSets/2016/val.txt``, sought here and below `root`.
    resolution : str
        Folder below ``JPEGImages``.

    Returns
    -------
    names : list of str
        In the order given.

    Raises
    ------
    ReadError
        If a name or the file is not known, or no name is given.
    """
    frames = _folder(Path(root), "JPEGImages", resolution)
    names = list(dict.fromkeys(_names(Path(root), str(list_or_file))))
    known = sorted(folder.name for folder in frames.iterdir() if folder.is_dir())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        came = f"unknown: {', '.join(unknown)}" if unknown else "no name was given"
        raise ReadError(
            f"Expected sequences of {frames}; {came}. Known are {', '.join(known)}."
        )
    return names


def read_davis(
    root: str | PathLike[str], name: str, resolution: str = "480p"
) -> tuple[Video, Truth]:
    """Open a sequence and read its truth.

    Parameters
    ----------
    root : path
        Folder with ``JPEGImages`` and ``Annotations``.
    name : str
        A sequence.
    resolution : str
        Folder below these two.

    Returns
    -------
    video : Video
        Of T frames, read when they are asked for.
    truth : (T, H, W) ndarray of uint8
        0 is background, 1 and above are objects; 255 in masks of one object is 1.

    Raises
    ------
    ReadError
        If frames or masks are missing, broken, or of two sizes.
    """
    from napari_gnn_vos.io.folder import picture_files

    sequences(root, name, resolution)
    frames = _folder(Path(root), "JPEGImages", resolution) / name
    video = read_video(frames)
    masks = _folder(Path(root), "Annotations", resolution) / name
    truth: Truth = np.empty(video.shape, np.uint8)
    for t, file in enumerate(picture_files(frames)):
        truth[t] = _read_mask(masks / f"{file.stem}.png", video.shape[1:])
    return video, _one_object_if_white(truth, masks)


def _names(root: Path, given: str) -> list[str]:
    places = () if "," in given else (Path(given), root / given)
    file = next((place for place in places if place.is_file()), None)
    if file is not None:
        given = file.read_text(encoding="utf-8").replace("\n", ",")
    elif given.endswith(".txt"):
        raise ReadError(
            f"Expected a text file with one sequence a line; there is no {given}, "
            f"neither here nor in {root}. Check the path."
        )
    return [name.strip() for name in given.split(",") if name.strip()]


def _folder(root: Path, part: str, resolution: str) -> Path:
    folder = root / part / resolution
    if not folder.is_dir():
        raise ReadError(
            f"Expected a data set in DAVIS layout; there is no folder {folder}. "
            "Give the folder that holds JPEGImages and Annotations."
        )
    return folder


def _read_mask(file: Path, size: tuple[int, ...]) -> NDArray[Any]:
    from PIL import Image

    try:
        with Image.open(file) as image:
            mask = np.asarray(image if image.mode in "PL" else image.convert("L"))
    except (OSError, SyntaxError) as error:
        raise ReadError(
            f"Expected a mask for every frame; {file} is missing or broken ({error}). "
            "Choose a sequence with its truth."
        ) from error
    if mask.shape != tuple(size):
        raise ReadError(
            f"Masks must have the size of their frames, {tuple(size)}; {file} has "
            f"{mask.shape}. Take frames and masks of one resolution."
        )
    return mask


def _one_object_if_white(truth: Truth, masks: Path) -> Truth:
    counts = sum(np.bincount(mask.ravel(), minlength=256) for mask in truth)
    found = np.flatnonzero(counts)
    if found[-1] == 255 and len(found) > 1 and found[-2] > 1:
        raise ReadError(
            "Expected objects 1, 2, ... or masks that are black and white (0 and 255); "
            f"{masks} holds {found.tolist()}. Replace 255 by an object or by 0."
        )
    truth[truth == 255] = 1
    return truth
