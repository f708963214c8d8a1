"""Records of each object and frame, written by frame and read by object."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.video_labels import VideoLabels, objects_in
from napari_gnn_vos.storage import write_error_message

Encode = Callable[[int, int, NDArray[np.bool_]], str]


class ObjectSpool:
    """Temporary file that sorts the records of a video by object.

    Three integers for each record are held in memory.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._index: dict[int, array[int]] = {}

    def __enter__(self) -> ObjectSpool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # it may not be possible to write the rest
            self._file.close()

    @property
    def objects(self) -> list[int]:
        """Labels with a record, sorted."""
        return sorted(self._index)

    def add(self, label: int, t: int, record: str) -> None:
        """Append the record of an object in frame `t`, after those of earlier frames.

        Parameters
        ----------
        label, t : int
        record : str

        Raises
        ------
        ReadError
            If the temporary folder is full.
        """
        content = record.encode()
        index = self._index.setdefault(label, array("q"))
        try:
            index.extend((t, self._file.tell(), len(content)))
            self._file.write(content)
        except OSError as error:
            raise ReadError(write_error_message(Path(gettempdir()), error)) from error

    def add_video(
        self, labels: VideoLabels, encode: Encode
    ) -> tuple[int, tuple[int, ...]]:
        """Append the records of all objects in all frames.

        Parameters
        ----------
        labels : VideoLabels
        encode : callable
            From label, frame and mask (H, W) of an object to its record.

        Returns
        -------
        count : int
            Number of frames.
        shape : (int, int)
            H, W.

        Raises
        ------
        ReadError
            If the temporary folder is full.
        ShapeError
            If the label images are invalid.
        """
        count, shape = 0, (0, 0)
        for t, frame in enumerate(labels.masks()):
            for label in objects_in(frame):
                self.add(label, t, encode(label, t, frame == label))
            count, shape = t + 1, frame.shape
        return count, shape

    def frames(self, label: int) -> list[int]:
        """Return the frames of an object."""
        return list(self._index[label][::3])

    def records(self, label: int) -> Iterator[tuple[int, str]]:
        """Iterate over the frames and records of an object."""
        index = self._index[label]
        for k in range(0, len(index), 3):
            self._file.seek(index[k + 1])
            yield index[k], self._file.read(index[k + 2]).decode()
