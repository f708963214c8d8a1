"""Checks that the pages of a TIFF file are complete and match each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tifffile

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.named_axes import MAX_CHANNELS
from napari_gnn_vos.io.readers.tiff_directories import (
    Directory,
    Values,
    read_directories,
    require_page_sizes,
)

SAME = ("width", "length", "bits", "samples", "format", "planar", "orientation")
"""Tags that all pages must share."""
SCANIMAGE_CHANNELS = r"(numberOfChannelsSave ?= ?[2-9]|channels?Save ?= ?\[\d+[ ;,]+\d)"
"""Text in the description, or the name of the program, of files of ScanImage with
several channels."""
NAMED_CHANNEL = r"<Channel [^>]*Name="
"""Channel of OME-XML that has a name."""
METAMORPH_PLANES = 33629
"""Tag of the planes of a MetaMorph stack."""
SECONDARY = 1 | 4
"""Bits of the kind of a page that mark a thumbnail, and a mask of transparency."""
GREY = ({(0,)}, {(1,)}, {(0,), (1,)})
"""Sets of colour spaces that may be mixed: white is zero, and black is zero."""


def open_tiff(path: Path) -> tifffile.TiffFile:
    """Open a TIFF file whose pages are those that its directories list.

    In files of ScanImage up to 2015, tifffile computes the positions of the pages, and
    may leave out the last one.

    Raises
    ------
    ReadError
        If ScanImage has saved several channels, whose pages take turns.
    """
    file = tifffile.TiffFile(path)
    if not file.is_scanimage:
        return file
    text = f"{file.pages.first.description}\n{file.pages.first.software}"
    match = re.search(SCANIMAGE_CHANNELS, text)
    if file.is_bigtiff and match is None:
        return file
    file.close()
    if match:
        raise ReadError(
            f"Expected one channel; ScanImage has saved several, {match[0]!r}, whose "
            "pages take turns. Save each channel as a separate TIFF."
        )
    return tifffile.TiffFile(path, is_scanimage=False)


def has_channels(file: tifffile.TiffFile, axes: str, lengths: Sequence[int]) -> bool:
    """Return whether up to four channels of a single image are not frames.

    tifffile writes frames as channels if the axes of an OME-TIFF or an ImageJ file are
    not given. In ImageJ, channels are displayed in colours; OME-TIFF files of other
    programs, and those with names of the channels, have true channels, as has any file
    whose metadata name the axes but have no format.
    """
    if "C" not in axes or lengths[axes.index("C")] > MAX_CHANNELS:
        return False
    if file.is_imagej:
        return (file.imagej_metadata or {}).get("mode") in ("composite", "color")
    if not file.is_ome:
        return "C" in _shaped_axes(file)
    xml = str(file.ome_metadata)
    return 'Creator="tifffile' not in xml or bool(re.search(NAMED_CHANNEL, xml))


def refuse_unknown_planes(file: tifffile.TiffFile, axes: str) -> None:
    """Refuse 3 or 4 planes of which nothing shows whether they are frames or colours.

    tifffile writes both as planes of one RGB image if the axes are not given.

    Raises
    ------
    ReadError
        If the file is of this kind.
    """
    if axes == "SYX" and file.is_shaped and not _shaped_axes(file):
        count = file.series[0].shape[0]
        raise ReadError(
            f"Expected frames or a colour image; the file has {count} planes, and "
            "tifffile has stored frames as colours if their axes were not given. Write "
            "it again by tifffile.imwrite: with photometric='minisblack' for frames, "
            "with metadata={'axes': 'SYX'} for colours."
        )


def _shaped_axes(file: tifffile.TiffFile) -> str:
    """Return the axes that a program has given to tifffile, or an empty text."""
    described = file.shaped_metadata if file.is_shaped else None
    return str(described[0].get("axes", "")) if described else ""


def data_files(pages: Iterable[Any]) -> list[Path]:
    """Return the files that have some pages, sorted."""
    handles = {page.parent.filehandle for page in pages}
    return sorted({Path(handle.path) for handle in handles})


def complete_directories(path: Path, file: Any) -> dict[int, Directory]:
    """Read the directories of a TIFF file by their offset, before its pages are listed.

    tifffile leaves out pages after a damaged directory, and lists the pages of some
    loops of directories without end.

    Parameters
    ----------
    path : Path
    file : tifffile.TiffFile
        The same file.

    Raises
    ------
    ReadError
        If directories are missing at the end, are damaged, or form a loop, or a page is
        too large.
    """
    listed = read_directories(path)
    if not listed.is_complete and not file.is_ndpi:  # other offsets in large NDPI
        raise ReadError(
            "Expected more pages; the file is incomplete or damaged after "
            f"{len(listed.directories)}. Copy it again, or save the pages that exist "
            "as another file."
        )
    require_page_sizes(listed.directories)
    return {directory.offset: directory for directory in listed.directories}


def require_declared_planes(
    file: Any, directories: Mapping[int, Directory], planes: int, pages_read: int
) -> None:
    """Check that a file has as many planes as its program has counted, and as pages.

    Parameters
    ----------
    file : tifffile.TiffFile
    directories : mapping of int to Directory
        By their offset in the file.
    planes : int
        Number of planes by the axes of the file.
    pages_read : int
        Number of pages that they are read from; 1 if all follow the first one.

    Raises
    ------
    ReadError
        If there are fewer, or more pages of the same size than planes.
    """
    stack = file.pages.first.tags.get(METAMORPH_PLANES)
    declared = int((file.imagej_metadata or {}).get("images", 1))
    declared = declared if stack is None else max(declared, int(stack.count))
    if planes < declared or 1 < pages_read < planes:
        found = planes if planes < declared else pages_read
        raise ReadError(
            f"Expected {max(declared, planes)} pages; the file is incomplete and ends "
            f"after {found}. Copy it again, or save the pages that exist as another "
            "file."
        )
    pages = _full_pages(directories.values(), file.pages.first.offset)
    if pages > planes:
        raise ReadError(
            f"Expected {pages} planes, one for each page; the metadata of the file "
            f"describe {planes}. Save it again, without the metadata of another file."
        )


def _full_pages(directories: Collection[Directory], offset: int) -> int:
    """Count the pages of the size of the one at `offset`, without secondary ones."""
    sizes = [(each.tags["width"], each.tags["length"]) for each in directories]
    full = [not each.tags["kind"][0] & SECONDARY for each in directories]
    offsets = [each.offset for each in directories]
    if offset not in offsets:
        return 0
    size = sizes[offsets.index(offset)]
    return sum(
        each == size and is_full for each, is_full in zip(sizes, full, strict=True)
    )


def own_pages(
    directories: Mapping[int, Directory],
    pages: Sequence[Any],
    keyframe: Any,
    frames: int,
) -> dict[int, Any]:
    """Return the pages whose palette or compression differs from the first.

    Parameters
    ----------
    directories : mapping of int to Directory
        By their offset in the file.
    pages : sequence of TiffPage or TiffFrame
    keyframe : TiffPage
        The page whose properties tifffile presumes for all of them.
    frames : int
        Number of frames of the video.

    Returns
    -------
    pages : dict of int to TiffPage
        By number, with properties of their own.

    Raises
    ------
    ReadError
        If pages differ in size, type, orientation or colour space.
    """
    first = directories.get(keyframe.offset)
    if first is None:
        return {}
    own = {}
    for number, page in enumerate(pages):
        directory = directories.get(page.offset)
        if directory is None or page.parent is not keyframe.parent:
            continue  # in another file of the data set
        if _tags(directory, first) != _tags(first, first):
            _require_match(first, directory, number)
            own[number] = page.aspage()
    if own and len(pages) != frames:
        raise ReadError(
            "Expected planes of one kind; some differ in palette or compression. Save "
            "the stack again."
        )
    return own


def _tags(directory: Directory, first: Directory) -> dict[str, Values]:
    """Return the tags of a page; without an orientation it has that of the first.

    Some programs write the orientation of a stack to its first page only.
    """
    orientation = directory.tags["orientation"] or first.tags["orientation"] or (1,)
    return {**directory.tags, "orientation": orientation, "kind": (0,)}


def _require_match(first: Directory, other: Directory, number: int) -> None:
    expected, found = _tags(first, first), _tags(other, first)
    differing = [name for name in SAME if expected[name] != found[name]]
    spaces = {first.tags["photometric"], other.tags["photometric"]}
    if len(spaces) > 1 and spaces not in GREY:
        differing.append("photometric")
    if differing:
        name = differing[0]
        raise ReadError(
            f"Expected pages of one kind; page {number} has {name} "
            f"{other.tags[name]}, the first has {first.tags[name]}. Save pages of each "
            "kind as a separate file."
        )
