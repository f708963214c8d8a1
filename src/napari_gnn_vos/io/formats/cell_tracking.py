"""Folders of the Cell Tracking Challenge: 16-bit masks and a table of tracks.

An object is visible in every frame of its track. An object that disappears and
reappears is written as several tracks, each with the previous one as its parent, and
read as one object. Two or more tracks with the same parent are a division.

References
----------
M. Maška et al., "The Cell Tracking Challenge: 10 years of objective benchmarking",
Nature Methods 20, 2023.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.formats.objects_file import (
    OBJECTS,
    read_objects,
    write_objects,
)
from napari_gnn_vos.io.formats.output import atomic_folder
from napari_gnn_vos.io.formats.video_labels import (
    MAX_LABEL,
    VideoLabels,
    objects_in,
)
from napari_gnn_vos.io.readers.tiff_directories import (
    read_directories,
    require_page_sizes,
)

TRACKS = "res_track.txt"
TRACK_FILES = (TRACKS, "man_track.txt")
TRACKING = "TRA"
"""Folder of tracked objects beside other references."""
PATTERNS = ("mask[0-9]*.tif", TRACKS, OBJECTS)
_MASK = re.compile(r"(?:mask|man_track|man_seg)(\d+)\.tiff?", re.IGNORECASE)


class Track(NamedTuple):
    """A row of the table of tracks.

    Parameters
    ----------
    label : int
        Pixel value.
    begin, end : int
        First and last frame.
    parent : int
        Label of the track that it continues, 0 for none.
    """

    label: int
    begin: int
    end: int
    parent: int


def write(labels: VideoLabels, path: Path) -> int:
    """Write ``mask000.tif``, ``mask001.tif`` ... and ``res_track.txt`` into a folder.

    Names and colours of the objects are stored in ``objects.json``.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        Folder. Files of an earlier export are replaced.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the folder cannot be written.
    ShapeError
        If the label images are invalid, or have too many tracks for 16 bits.
    """
    import tifffile

    tracks, count = _Tracks(), 0
    with atomic_folder(path, PATTERNS) as folder:
        for t, mask in enumerate(labels.masks()):
            table = tracks.advance(t, objects_in(mask))
            file = folder / f"mask{t:06d}.tif"
            tifffile.imwrite(file, table[mask], compression="zlib")
            count = t + 1
        digits = max(3, len(str(count - 1)))
        for t in range(count):
            old = folder / f"mask{t:06d}.tif"
            old.rename(folder / f"mask{t:0{digits}d}.tif")
        rows = (f"{' '.join(map(str, track))}\n" for track in tracks.rows())
        (folder / TRACKS).write_text("".join(rows), encoding="ascii")
        write_objects(labels, folder)
    return count


def read(path: Path) -> VideoLabels:
    """Read the masks of a folder on access; the tracks of an object have one label.

    Parameters
    ----------
    path : Path
        Folder with ``mask000.tif`` ... and ``res_track.txt``, or ``man_track000.tif``
        ... and ``man_track.txt``; or one with such a folder ``TRA``.

    Raises
    ------
    ReadError
        If masks or tracks are missing or damaged.
    """
    path = _tracking_folder(path)
    files = sorted(
        (int(match[1]), file)
        for file in path.iterdir()
        if (match := _MASK.fullmatch(file.name))
    )
    if not files or [t for t, _ in files] != [*range(files[0][0], files[-1][0] + 1)]:
        raise ReadError(
            f"Expected masks of consecutive frames, such as mask000.tif; {path} has "
            f"{len(files)} masks. Add the missing files."
        )
    names, colours = read_objects(path)
    table = _objects_of_tracks(read_tracks(path))
    frames = _MaskFiles([file for _, file in files], table)
    return VideoLabels(frames, names, colours, video_name=path.resolve().name)


def recognizes(path: Path) -> bool:
    """Return whether a folder has a table of tracks."""
    folder = _tracking_folder(path)
    return any((folder / name).is_file() for name in TRACK_FILES)


def _tracking_folder(path: Path) -> Path:
    """Return the folder of masks and tracks in one of references, such as ``01_GT``."""
    return path / TRACKING if (path / TRACKING).is_dir() else path


def read_tracks(path: Path) -> list[Track]:
    """Read the table of tracks of a folder.

    Raises
    ------
    ReadError
        If there is none, or a line does not consist of four numbers.
    """
    file = next((path / name for name in TRACK_FILES if (path / name).is_file()), None)
    if file is None:
        raise ReadError(f"Expected {' or '.join(TRACK_FILES)} in {path}.")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        rows = [Track(*map(int, line.split())) for line in lines if line.strip()]
    except (OSError, ValueError, TypeError) as error:
        raise ReadError(
            f"Expected lines of label, begin, end and parent; {file} differs: {error}. "
            "Check the file."
        ) from error
    if any(
        not 0 < row.label <= MAX_LABEL
        or row.begin > row.end
        or not 0 <= row.parent <= MAX_LABEL
        for row in rows
    ):
        raise ReadError(
            f"Expected labels from 1 to {MAX_LABEL}, parents from 0 and begin <= end; "
            f"{file} has other values. Check the file."
        )
    return rows


@dataclass
class _OpenTrack:
    label: int
    begin: int
    end: int
    parent: int


@dataclass
class _Tracks:
    """Assign tracks to the objects of each frame in turn."""

    open: dict[int, _OpenTrack] = field(default_factory=dict)
    closed: list[Track] = field(default_factory=list)
    last_free: int = MAX_LABEL

    def advance(self, t: int, objects: Sequence[int]) -> NDArray[np.uint16]:
        """Extend the tracks by frame `t`; return a table from object to track."""
        for number in objects:
            track = self.open.get(number)
            if track is None:
                self.open[number] = _OpenTrack(number, t, t, 0)
            elif track.end == t - 1:
                track.end = t
            else:
                self.closed.append(_closed(track))
                self.open[number] = _OpenTrack(self.last_free, t, t, track.label)
                self.last_free -= 1
        if self.open and max(self.open) > self.last_free:
            raise ShapeError(
                f"Expected at most {MAX_LABEL} tracks; the objects disappear and "
                "reappear more often. Select another format."
            )
        table = np.zeros(max(objects, default=0) + 1, np.uint16)
        table[objects] = [self.open[number].label for number in objects]
        return table

    def rows(self) -> list[Track]:
        """Return all tracks, sorted by label."""
        return sorted([*self.closed, *map(_closed, self.open.values())])


def _closed(track: _OpenTrack) -> Track:
    return Track(track.label, track.begin, track.end, track.parent)


def _objects_of_tracks(tracks: Sequence[Track]) -> NDArray[np.uint16]:
    """Return a table from track to object; an only child continues its parent."""
    children = Counter(track.parent for track in tracks)
    table = np.arange(MAX_LABEL + 1, dtype=np.uint16)
    for track in sorted(tracks, key=lambda track: track.begin):
        if track.parent > 0 and children[track.parent] == 1:
            table[track.label] = table[track.parent]
    return table


class _MaskFiles(LazyLabels):
    """Label images of single files."""

    def __init__(self, files: Sequence[Path], table: NDArray[np.uint16]) -> None:
        self._files, self._table = files, table
        super().__init__((len(files), *_read_mask(files[0]).shape), np.uint16)

    def _read(self, t: int) -> NDArray[Any]:
        return np.asarray(self._table[_read_mask(self._files[t])])


def _read_mask(file: Path) -> NDArray[np.uint16]:
    import tifffile

    try:
        directories = read_directories(file, limit=2).directories
        require_page_sizes(directories)
        mask = tifffile.imread(file, key=0)  # not all pages of a damaged file
    except Exception as error:  # tifffile and codecs raise many types
        raise ReadError(
            f"Expected a mask; {file} is damaged: {error}. Copy it again."
        ) from error
    if len(directories) > 1 or mask.ndim != 2 or mask.dtype.kind not in "ui":
        raise ReadError(
            f"Expected a 2D image of integer labels; {file} has pages of the shape "
            f"{mask.shape} and the type {mask.dtype}. 3D data are not supported."
        )
    if not 0 <= mask.min(initial=0) <= mask.max(initial=0) <= MAX_LABEL:
        raise ReadError(
            f"Expected labels from 0 to {MAX_LABEL}; {file} has {mask.min()} to "
            f"{mask.max()}. Renumber them."
        )
    return np.asarray(mask, np.uint16)
