"""Compilation of kernels by numba, with a disk cache that follows all their sources.

Numba stores compiled functions on disk and reuses them while the file of the function
is unchanged. It does not notice edits of the modules whose helpers, intrinsics and
constants were compiled into the function. Here an entry is valid for one digest of all
these sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit

from napari_gnn_vos import __version__

FOLDER = Path(__file__).parent
SOURCES = (*sorted(FOLDER.glob("*.py")), FOLDER.parents[1] / "gatedgcn.py")
"""Files whose code or constants are compiled into kernels."""
FINITE = frozenset({"contract", "nnan", "ninf", "nsz"})
"""LLVM's flags for finite numbers and fused products and sums, whose results are the
same in every process."""


def kernel(
    *,
    fastmath: bool | Collection[str] = False,
    inline: str = "never",
    error_model: str = "numpy",
) -> Callable[[Callable[..., None]], Any]:
    """Compile a function when it is first called, and cache it on disk.

    The compiled function releases the GIL.

    Parameters
    ----------
    fastmath : bool or collection of str
        Relaxations of floating-point arithmetic, such as `FINITE`; True allows all,
        also reordered sums and approximate divisions. Results then depend on how LLVM
        compiles the function: loaded from the cache, it gave other bits than compiled.
    inline : {"never", "always"}
        See `numba.njit`.
    error_model : {"numpy", "python"}
        "python" tests for division by zero.
    """

    def compile_function(function: Callable[..., None]) -> Any:
        flags = fastmath if isinstance(fastmath, bool) else {*fastmath}
        options: dict[str, Any] = {"fastmath": flags, "inline": inline}
        options |= {"cache": True, "nogil": True, "error_model": error_model}
        dispatcher = njit(**options)(function)
        return bind_cache(dispatcher, source_digest(SOURCES))

    return compile_function


def bind_cache(dispatcher: Any, digest: str) -> Any:
    """Make cached machine code of a function valid for one digest only.

    Parameters
    ----------
    dispatcher : numba dispatcher
        Compiled with ``cache=True``.
    digest : str

    Returns
    -------
    dispatcher : numba dispatcher
        The same.
    """
    file = dispatcher._cache._cache_file  # noqa: SLF001 - numba has no public way
    file._source_stamp = (file._source_stamp, digest)  # noqa: SLF001
    return dispatcher


@cache
def source_digest(files: Iterable[Path]) -> str:
    """Digest the package version and the contents of source files.

    Parameters
    ----------
    files : iterable of Path
        Missing files are left out.
    """
    digest = hashlib.sha256(__version__.encode())
    for file in files:
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
