"""Records of each object and frame, written by frame and read by object."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile
from types import TracebackType


class ObjectSpool:
    """Temporary file that sorts the records of a video by object.

    The memory is that of three integers for each record.
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
        """
        content = record.encode()
        index = self._index.setdefault(label, array("q"))
        index.extend((t, self._file.tell(), len(content)))
        self._file.write(content)

    def frames(self, label: int) -> list[int]:
        """Return the frames of an object."""
        return list(self._index[label][::3])

    def records(self, label: int) -> Iterator[tuple[int, str]]:
        """Iterate over the frames and records of an object."""
        index = self._index[label]
        for k in range(0, len(index), 3):
            self._file.seek(index[k + 1])
            yield index[k], self._file.read(index[k + 2]).decode()
