"""Numba's compiler, or plain Python where numba cannot be imported.

A numba that does not support the installed numpy or Python fails on import. All
kernels are valid Python, so that everything still works, but preparation takes
seconds per frame.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

try:
    from numba import njit
except Exception as error:  # noqa: BLE001 - also errors of incompatible versions
    log.warning(
        "numba cannot be imported (%s). Preparation and predictions will be slow. Run "
        "`pip install --upgrade numba llvmlite`.",
        error,
    )

    def njit(**_options: Any) -> Callable[[Any], Any]:  # type: ignore[no-redef]
        """Return a decorator that leaves the function as it is."""
        return lambda function: function


__all__ = ["njit"]
