"""Datasets in the folder layout of DAVIS: frames and ground truth masks.

Frames are ``ROOT/JPEGImages/480p/SEQUENCE/00000.jpg``, masks are
``ROOT/Annotations/480p/SEQUENCE/00000.png``.
"""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, instance, validated
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.label_images import labels_of_colours
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.readers.orientation import apply_orientation, exif_orientation
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from PIL.Image import Image

Truth = NDArray[np.uint8]


@validated(root=file_path, resolution=instance(str))
def sequences(
    root: str | PathLike[str],
    list_or_file: str | PathLike[str],
    resolution: str = "480p",
) -> list[str]:
    """Parse a list of sequence names and check that the sequences exist.

    Parameters
    ----------
    root : path
        Folder with ``JPEGImages``.
    list_or_file : str or path
        Names separated by commas, or a text file with one name per line, such as
        ``ImageSets/2016/val.txt``, relative to the working directory or to `root`.
    resolution : str
        Subfolder of ``JPEGImages``.

    Returns
    -------
    names : list of str
        In the given order, without duplicates.

    Raises
    ------
    ReadError
        If a sequence or the file does not exist, or no name is given.
    """
    frames = _folder(Path(root), "JPEGImages", resolution)
    names = list(dict.fromkeys(_names(Path(root), str(list_or_file))))
    available = sorted(folder.name for folder in frames.iterdir() if folder.is_dir())
    unknown = [name for name in names if name not in available]
    if unknown or not names:
        problem = f"unknown: {', '.join(unknown)}" if unknown else "no name was given"
        raise ReadError(
            f"Expected sequences of {frames}; {problem}. Known sequences are "
            f"{', '.join(available)}."
        )
    return names


@validated(root=file_path, name=instance(str), resolution=instance(str))
def read_davis(
    root: str | PathLike[str], name: str, resolution: str = "480p"
) -> tuple[Video, Truth]:
    """Open a sequence and read its ground truth.

    Parameters
    ----------
    root : path
        Folder with ``JPEGImages`` and ``Annotations``.
    name : str
        Name of the sequence.
    resolution : str
        Subfolder of these two folders.

    Returns
    -------
    video : Video
        T frames, read on access.
    truth : (T, H, W) ndarray of uint8
        0 is background, 1 and above are objects. In masks of one object, 255 is read
        as 1.

    Raises
    ------
    ReadError
        If frames or masks are missing or damaged, or differ in size.
    """
    from napari_gnn_vos.io.readers.folder import image_files

    sequences(root, name, resolution)
    frames = _folder(Path(root), "JPEGImages", resolution) / name
    video = read_video(frames)
    masks = _folder(Path(root), "Annotations", resolution) / name
    truth: Truth = np.empty(video.shape, np.uint8)
    for t, file in enumerate(image_files(frames)):
        truth[t] = _read_mask(masks / f"{file.stem}.png", video.shape[1:])
    return video, _replace_white_label(truth, masks)


def _names(root: Path, text: str) -> list[str]:
    candidates = () if "," in text else (Path(text), root / text)
    file = next((path for path in candidates if os.path.isfile(path)), None)  # noqa: PTH113 - no error for a long name
    if file is not None:
        text = _read_list(file).replace("\n", ",")
    elif text.endswith(".txt"):
        raise ReadError(
            f"Expected a text file with one sequence per line; {text} exists neither "
            f"in the working directory nor in {root}. Check the path."
        )
    return [name.strip() for name in text.split(",") if name.strip()]


def _read_list(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ReadError(
            f"Expected a text file with one sequence per line; {file} cannot be read: "
            f"{error}. Check the path."
        ) from error


def _folder(root: Path, part: str, resolution: str) -> Path:
    folder = root / part / resolution
    if not os.path.isdir(folder):  # noqa: PTH112 - no error for a long name
        raise ReadError(
            f"Expected a dataset in DAVIS layout; there is no folder {folder}. "
            "Give the folder that contains JPEGImages and Annotations."
        )
    return folder


def _read_mask(file: Path, size: tuple[int, ...]) -> NDArray[Any]:
    from PIL.Image import open as open_image

    try:
        with open_image(file) as image:
            labels = _labels_of_image(image)
            mask = apply_orientation(labels, exif_orientation(image))
    except (OSError, SyntaxError, ValueError) as error:
        raise ReadError(
            f"Expected a mask for every frame; {file} is missing or damaged ({error}). "
            "Choose a sequence with ground truth."
        ) from error
    if mask.shape != tuple(size):
        raise ReadError(
            f"Masks must have the size of their frames, {tuple(size)}; {file} has "
            f"{mask.shape}. Use frames and masks of one resolution."
        )
    return mask


def _labels_of_image(image: Image) -> NDArray[np.uint8]:
    """Return the labels of a mask: values, or indices of DAVIS colours, 0 to 255.

    Raises
    ------
    ValueError
        If there are other colours, or larger values.
    """
    if image.mode in ("P", "L", "1"):
        return np.asarray(image).astype(np.uint8)
    if ";16" in str(getattr(image, "tile", "")) and not image.mode.startswith("I"):
        raise ValueError("it is a colour image of 16 bits")
    if image.mode not in ("RGB", "RGBA", "LA", "PA"):
        values = np.asarray(image)
        if values.ndim == 2 and values.min() >= 0 and values.max() <= 255:
            return values.astype(np.uint8)
        raise ValueError("its values are not labels from 0 to 255")
    return labels_of_colours(np.asarray(image.convert("RGB")))


def _replace_white_label(truth: Truth, masks: Path) -> Truth:
    counts = sum(np.bincount(mask.ravel(), minlength=256) for mask in truth)
    values = np.flatnonzero(counts)
    if values[-1] == 255 and len(values) > 1 and values[-2] > 1:
        raise ReadError(
            "Expected labels 1, 2, ... or binary masks of 0 and 255; "
            f"{masks} contains {values.tolist()}. Replace 255 by a label or by 0."
        )
    truth[truth == 255] = 1
    return truth
