"""Work that moves through layers as a wave, done by any number of threads.

In step s, layer l looks at frame s - 2 l. A piece of a step may be done once the pieces
beside it are done in the step before: of its own layer, of the one below, whose outcome
it reads, and of the one above, which has then read what it writes over. So threads need
not wait for each other at the end of every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Condition

Piece = tuple[int, int, int]
"""Step, layer and label."""


class WavefrontScheduler:
    """Pieces in the order in which they are begun, and how far each layer is.

    Parameters
    ----------
    steps : range
    layers, labels : int
        Every step has a piece for each layer and label.
    do : callable
        Does a piece, given step, layer and label.
    """

    def __init__(
        self,
        steps: range,
        layers: int,
        labels: int,
        do: Callable[[int, int, int], None],
    ) -> None:
        self._do, self._news = do, Condition()
        self._pieces: Iterator[Piece] = (
            (step, layer, label)
            for step in steps
            for layer in reversed(range(layers))
            for label in range(labels)
        )
        self._next = next(self._pieces, None)
        self._done = [[steps.start - 1] * labels for _ in range(layers)]
        self._allowed = steps.start - 1
        self._failure: BaseException | None = None
        self._over = False

    def allow(self, step: int) -> None:
        """Let all pieces up to a step begin."""
        with self._news:
            self._allowed = step
            self._news.notify_all()

    def close(self) -> None:
        """Let no further piece begin; those who help come back."""
        with self._news:
            self._over = True
            self._news.notify_all()

    def help(self) -> None:
        """Do pieces beside others, until the wave is closed or a piece fails."""
        while piece := self._take(None):
            self._try(piece)

    def reach(self, step: int) -> None:
        """Do pieces until the last layer has done a step that is allowed.

        Raises
        ------
        BaseException
            What a piece has failed with, here or in a thread that helps.
        """
        while piece := self._take(step):
            self._try(piece)
        if self._failure is not None:
            raise self._failure

    def _take(self, until: int | None) -> Piece | None:
        """Wait for the next piece; none if there is nothing more to wait for."""
        with self._news:
            while not (self._over or self._reached(until)):
                piece = self._next
                if piece is not None and self._ready(*piece):
                    self._next = next(self._pieces, None)
                    return piece
                self._news.wait()
        return None

    def _reached(self, step: int | None) -> bool:
        return step is not None and all(last >= step for last in self._done[-1])

    def _ready(self, step: int, layer: int, label: int) -> bool:
        beside = self._done[max(layer - 1, 0) : layer + 2]
        return step <= self._allowed and all(one[label] >= step - 1 for one in beside)

    def _try(self, piece: Piece) -> None:
        try:
            self._do(*piece)
        except BaseException as failure:  # noqa: BLE001 - told to the one who asks
            self._failure = failure
            self.close()
            return
        step, layer, label = piece
        with self._news:
            self._done[layer][label] = step
            self._news.notify_all()
