"""How work is driven: the contract, and the plain way to meet it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import Pipeline, Progress, drain


class Runner(Protocol):
    """Drives a pipeline: in a thread in napari, at once in scripts and tests."""

    def __call__(
        self,
        pipeline: Pipeline[Any],
        *,
        on_step: Callable[[Progress], None],
        on_result: Callable[[Any], None],
        on_error: Callable[[GnnVosError], None],
        on_end: Callable[[], None],
    ) -> Callable[[], None]:
        """Start `pipeline`; the callable returned asks it to stop.

        `on_error` gets expected errors only; a bug goes wherever bugs go.
        `on_end` comes last, whatever happened.
        """


def run_at_once(
    pipeline: Pipeline[Any],
    *,
    on_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],  # noqa: ARG001
    on_end: Callable[[], None],
) -> Callable[[], None]:
    """Drive `pipeline` to its end before returning; errors are raised, as in scripts.

    See :class:`Runner` for the parameters.
    """
    try:
        on_result(drain(pipeline, on_step))
    finally:
        on_end()
    return lambda: None
