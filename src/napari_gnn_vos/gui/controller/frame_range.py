"""The frames between an in mark and an out mark."""

from __future__ import annotations

from psygnal import Signal


class FrameRange:
    """In and out marks on the frames of a video; both frames belong to the range.

    Attributes
    ----------
    first, last : int or None
        Marked frames; None for the ends of the video.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None

    @property
    def marks(self) -> tuple[int | None, int | None]:
        """In and out mark."""
        return self.first, self.last

    def set_first(self, frame: int) -> None:
        """Set the in mark; an out mark before it is removed."""
        self.first = frame
        if self.last is not None and self.last < frame:
            self.last = None
        self.changed.emit()

    def set_last(self, frame: int) -> None:
        """Set the out mark; an in mark behind it is removed."""
        self.last = frame
        if self.first is not None and self.first > frame:
            self.first = None
        self.changed.emit()

    def clear(self) -> None:
        """Remove both marks."""
        self.first = self.last = None
        self.changed.emit()

    def frames(self, count: int) -> range:
        """Return the frames between the marks, of a video of `count` frames."""
        first = 0 if self.first is None else self.first
        last = count - 1 if self.last is None else self.last
        return range(max(first, 0), min(last + 1, count))
