"""Videos of masks (lossless) and of overlays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, SettingsError, ShapeError
from napari_gnn_vos.io.formats.lazy_labels import LabelsOfVideo
from napari_gnn_vos.io.formats.objects_file import objects_from_json, objects_to_json
from napari_gnn_vos.io.formats.output import atomic_file
from napari_gnn_vos.io.formats.video_labels import VideoLabels, objects_in

OBJECTS_TAG = "OBJECTS"
"""Tag of the container with names and colours of the objects as JSON."""


def write_masks(labels: VideoLabels, path: Path) -> int:
    """Write label images as grey FFV1 video in Matroska, without loss.

    Pixel values are labels, of 8 bits, or of 16 bits if the label images have more than
    8. Names and colours are stored in the tag ``OBJECTS`` of the file.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        An existing file is replaced after all frames were written.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        If the label images are invalid.
    """
    count = 0

    def frames() -> Iterator[tuple[NDArray[Any], str]]:
        nonlocal count
        for mask in labels.masks():
            count += 1
            yield mask, "gray" if mask.dtype == np.uint8 else "gray16le"

    tags = {OBJECTS_TAG: objects_to_json(labels)}
    encode = partial(_encode, rate=labels.frame_rate)
    atomic_file(path, lambda file: encode(file, "matroska", "ffv1", frames(), tags))
    return count


def write_overlay(labels: VideoLabels, path: Path) -> int:
    """Write the video with the objects in their colours as H.264 in MP4.

    Frames of odd size lose their last row or column, as H.264 requires. Parameters and
    errors are those of :func:`write_masks`.

    Raises
    ------
    SettingsError
        If `labels` have no images.
    """
    if labels.image is None:
        raise SettingsError(
            "An overlay needs the frames of the video. Pass the video, for example "
            "with --video."
        )
    count = 0

    def frames() -> Iterator[tuple[NDArray[Any], str]]:
        nonlocal count
        for t, mask in enumerate(labels.masks()):
            count = t + 1
            image = labels.image_of(t, mask.shape)
            overlay = mask if image is None else blend(image, mask, labels)
            height, width = (max(2, length - length % 2) for length in mask.shape)
            yield np.ascontiguousarray(overlay[:height, :width]), "rgb24"

    encode = partial(_encode, rate=labels.frame_rate)
    atomic_file(path, lambda file: encode(file, "mp4", "libx264", frames(), {}))
    return count


def blend(
    image: NDArray[np.uint8], mask: NDArray[Any], labels: VideoLabels
) -> NDArray[np.uint8]:
    """Draw the objects over an image with the opacity of `labels`.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    mask : (H, W) ndarray of uint8 or uint16
    labels : VideoLabels
        Has the colours and the opacity.

    Returns
    -------
    overlay : (H, W, 3) ndarray of uint8
    """
    present = objects_in(mask)
    table = np.zeros((max(present, default=0) + 1, 3), np.float32)
    for label in present:
        table[label] = labels.colour_of(label)
    mixed = (1 - labels.opacity) * image + labels.opacity * table[mask]
    return np.where(mask[..., None] > 0, np.rint(mixed), image).astype(np.uint8)


def _encode(
    file: IO[bytes],
    container_format: str,
    codec: str,
    frames: Iterator[tuple[NDArray[Any], str]],
    tags: dict[str, str],
    rate: int,
) -> None:
    import av

    try:
        with av.open(file, "w", format=container_format) as container:
            container.metadata.update(tags)
            stream: Any = None
            for array, pixel_format in frames:
                if stream is None:
                    stream = container.add_stream(codec, rate=rate)
                    stream.height, stream.width = array.shape[:2]
                    is_colour = pixel_format == "rgb24"
                    stream.pix_fmt = "yuv420p" if is_colour else pixel_format
                    stream.gop_size = 1 if codec == "ffv1" else stream.gop_size
                    _open_codec(stream)
                frame = av.VideoFrame.from_ndarray(array, format=pixel_format)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    except av.FFmpegError as error:  # such as a full disk, which is its context
        raise OSError(str(error.__context__ or error)) from error


def _open_codec(stream: Any) -> None:
    """Open the encoder of a video stream, which does not support every frame size.

    Raises
    ------
    ShapeError
        If it does not support this one.
    """
    import av

    try:
        stream.codec_context.open()
    except av.FFmpegError as error:
        raise ShapeError(
            f"FFmpeg cannot write frames of {stream.height} x {stream.width} pixels as "
            f"{stream.codec.name}: {error}. Select another format."
        ) from error


def read_masks(path: Path) -> VideoLabels:
    """Read a grey video whose pixel values are labels; frames are read on access.

    Raises
    ------
    ReadError
        If the file is damaged, or its frames are not grey or not lossless.
    """
    from napari_gnn_vos.io.readers.movie.movie_frames import MovieFrames

    codec, pixel_format, tags = _properties(path)
    if codec != "ffv1" or not pixel_format.startswith("gray"):
        raise ReadError(
            f"Expected a lossless video of grey label images (FFV1); {path} is "
            f"{codec} with {pixel_format} pixels. Convert it without loss."
        )
    try:
        names, colours = objects_from_json(tags.get(OBJECTS_TAG, "{}"))
    except ValueError:
        names, colours = {}, {}
    movie = MovieFrames(path)
    return VideoLabels(LabelsOfVideo(movie), names, colours, video_name=path.stem)


def _properties(path: Path) -> tuple[str, str, dict[str, str]]:
    import av

    try:
        with av.open(str(path), metadata_errors="replace") as container:
            codec = container.streams.video[0].codec_context
            tags = {key.upper(): text for key, text in container.metadata.items()}
            return codec.name, str(codec.pix_fmt), tags
    except (av.FFmpegError, IndexError, OSError, AttributeError) as error:
        raise ReadError(
            f"Expected a video; {path} cannot be read: {error}. Export it again."
        ) from error
