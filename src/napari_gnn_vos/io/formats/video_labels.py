"""Label images of a video with the names and colours of its objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import index
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.arguments import instance, wrong_type
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.io.formats.label_images import davis_palette, validate_label_images
from napari_gnn_vos.io.formats.tiff_labels import Placement
from napari_gnn_vos.storage import encodable
from napari_gnn_vos.structures.arrays import distinct_values

Colour = tuple[int, int, int]
"""Red, green, blue, each from 0 to 255."""
MAX_LABEL = 65535
"""Largest label, that of 16-bit label images."""
DEFAULT_NAME = "object"


@dataclass(frozen=True)
class VideoLabels:
    """Label images of a video with metadata of its objects and frames.

    Parameters
    ----------
    frames : iterable of (H, W) ndarray of integer
        One label image per frame, 0 is background. Writers iterate over it once.
    names : mapping of int to str
        Object names by label.
    colours : mapping of int to (red, green, blue)
        Colours by label, 0 to 255.
    frame_names : sequence of T str, optional
        File names of the video frames.
    video_name : str, optional
    image : callable, optional
        Returns the (H, W, 3) uint8 image of frame t, for overlays and intensities.
    placement : Placement, optional
        Axes and position of the labels layer, stored in a TIFF.
    frame_rate : int
        Frames per second of videos.
    opacity : float
        Opacity of the objects in an overlay, from 0 to 1.

    Notes
    -----
    Bytes of names that are not UTF-8 are replaced by U+FFFD, except in `frame_names`,
    which are names on the disk. Names and colours of the background are dropped.

    Raises
    ------
    ArgumentError
        If a field has a wrong type.
    """

    frames: Iterable[NDArray[Any]]
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    frame_names: Sequence[str] | None = None
    video_name: str | None = None
    image: Callable[[int], NDArray[Any]] | None = None
    placement: Placement | None = None
    frame_rate: int = 25
    opacity: float = 0.5

    def __post_init__(self) -> None:
        check_frames("frames", self.frames)
        for name in ("names", "colours"):
            object.__setattr__(self, name, check_by_label(name, getattr(self, name)))
        object.__setattr__(
            self, "frame_names", check_names("frame_names", self.frame_names)
        )
        _TEXT("video_name", self.video_name)
        _PLACEMENT("placement", self.placement)
        names = {k: encodable(name) for k, name in self.names.items() if k > 0}
        object.__setattr__(self, "names", names)
        colours = {k: colour for k, colour in self.colours.items() if k > 0}
        object.__setattr__(self, "colours", colours)
        if self.video_name is not None:
            object.__setattr__(self, "video_name", encodable(self.video_name))

    def masks(self, maximum: int = MAX_LABEL) -> Iterator[NDArray[Any]]:
        """Iterate over the validated label images, (H, W) uint8 or uint16."""
        return validate_label_images(self.frames, maximum)

    def name_of(self, label: int) -> str:
        """Return the name of an object, by default "object"."""
        return self.names.get(label, DEFAULT_NAME)

    def colour_of(self, label: int) -> Colour:
        """Return the colour of an object, by default that of DAVIS."""
        if label in self.colours:
            return self.colours[label]
        return _davis_colours()[label if label < 256 else 1 + label % 255]

    def palette(self) -> list[int]:
        """Return the colours of labels 0 to 255 as red, green, blue, red ..."""
        palette = davis_palette()
        for label, colour in self.colours.items():
            if label < 256:
                palette[3 * label : 3 * label + 3] = colour
        return palette

    def image_of(self, t: int, size: tuple[int, ...]) -> NDArray[Any] | None:
        """Return the image of frame `t`, (H, W, 3) uint8, None without images.

        Raises
        ------
        ShapeError
            If it has another size than the label image, or the video has no frame `t`.
        """
        if self.image is None:
            return None
        try:
            image = self.image(t)
        except IndexError:
            raise ShapeError(
                f"The labels have more frames than the video, which ends before frame "
                f"{t}. Choose the video of the labels."
            ) from None
        if image.shape[:2] != size:
            raise ShapeError(
                f"Frame {t} of the video has the size {image.shape[:2]}, its labels "
                f"{size}. Choose the video of the labels."
            )
        return image

    def frame_name(self, t: int) -> str:
        """Return the file name of frame `t`, by default its number and ``.jpg``."""
        if not self.frame_names:
            return f"{t:05d}.jpg"
        require_name(self.frame_names, t)
        return encodable(self.frame_names[t])


_TEXT = instance(str, optional=True)
_PLACEMENT = instance(Placement, optional=True)


def check_frames(name: str, value: Any) -> Any:
    """Check that an argument can be iterated over label images."""
    if isinstance(value, VideoLabels):
        return value
    is_one = isinstance(value, (str, bytes, dict)) or getattr(value, "ndim", 1) == 0
    if is_one or not (hasattr(value, "__iter__") or hasattr(value, "__getitem__")):
        advice = "Pass an array (T, H, W), such as session.labels."
        raise wrong_type(name, "label images", value, advice)
    return value


def check_by_label(name: str, value: Any) -> Mapping[int, Any]:
    """Check and convert names or colours by label; None is an empty mapping."""
    items = {} if value is None else value
    is_mapping = isinstance(items, Mapping)
    try:
        by_label = {index(label): each for label, each in items.items()}
        if name == "names":
            valid = all(isinstance(each, str) for each in by_label.values())
        else:
            by_label = {k: as_colour(each) for k, each in by_label.items()}
            valid = True
    except (TypeError, ValueError, AttributeError):
        valid = False
    if not (is_mapping and valid):
        example = "{1: 'cat'}" if name == "names" else "{1: (255, 90, 95)}"
        advice = f"Give a dictionary by label, such as {example}."
        raise wrong_type(name, "a mapping of labels", value, advice)
    return by_label


def as_colour(value: Any) -> Colour:
    """Convert three integers from 0 to 255 to a colour.

    Raises
    ------
    TypeError, ValueError
        If it is something else.
    """
    red, green, blue = bytes(index(part) for part in value)
    return red, green, blue


def check_names(name: str, value: Any) -> Sequence[str] | None:
    """Check and convert a sequence of file names, or return None."""
    if value is None:
        return None
    try:
        names = [os.fsdecode(item) for item in value]
    except TypeError:
        names = None
    if names is None or isinstance(value, (str, bytes)):
        raise wrong_type(name, "a list of file names", value, "Give one per frame.")
    return names


def check_palette(name: str, value: Any) -> list[int] | None:
    """Check and convert 768 integers from 0 to 255, or return None."""
    try:
        if value is None:
            return None
        palette = list(bytes(index(part) for part in value))
    except (TypeError, ValueError):
        palette = []
    if len(palette) != 768:
        advice = "Give red, green and blue of labels 0 to 255, each from 0 to 255."
        raise wrong_type(name, "a palette of 768 integers", value, advice)
    return palette


def require_name(names: Sequence[str], t: int) -> None:
    """Raise a ShapeError if frame `t` has no name."""
    if t >= len(names):
        raise ShapeError(
            f"Expected one file name per frame; there are {len(names)} names and more "
            "frames. Pass the names of all frames."
        )


@cache
def _davis_colours() -> list[Colour]:
    values = iter(davis_palette())
    return list(zip(values, values, values, strict=True))


def objects_in(mask: NDArray[Any]) -> list[int]:
    """Return the labels of the objects that are visible in a label image."""
    return [label for label in distinct_values(mask) if label > 0]


def colour_to_hex(colour: Colour) -> str:
    """Return a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def colour_from_hex(text: str) -> Colour | None:
    """Return a colour from ``#rrggbb``, or None for another notation."""
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    return red, green, blue
