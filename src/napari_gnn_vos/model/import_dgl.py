"""DGL, the Deep Graph Library: imported here alone, and only when it is asked for.

It is optional; docs/dgl.md tells what it is for. Its part for loading data, graphbolt,
comes compiled for a few versions of PyTorch, up to 2.2, and without it `import dgl`
fails. Message passing does not need it, so it is left out.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

from napari_gnn_vos.errors import SettingsError

GRAPHBOLT = "dgl.graphbolt"


class LeftOut(ModuleType):
    """A module with nothing in it, which says so."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(
            f"{self.__name__} has no {name!r} here: napari_gnn_vos imports DGL without "
            f"it. To have it, import dgl before the DGL layers are first used."
        )


def import_dgl() -> ModuleType:
    """Import DGL for PyTorch, without graphbolt; as it is, if it is imported already.

    Returns
    -------
    dgl : module

    Raises
    ------
    SettingsError
        If it is not installed, or cannot be imported.
    """
    if find_spec("dgl") is None:
        raise SettingsError(
            "The DGL layers need the package dgl, which is not installed. On Linux "
            "with Python 3.11 or 3.12, run: pip install 'napari-gnn-vos[dgl]'. "
            "Elsewhere use the network itself; its answers are the same."
        )
    try:
        with _core_alone():
            import dgl
    except Exception as error:
        raise SettingsError(
            "The DGL layers need the package dgl, which is installed, but importing it "
            f"gave {type(error).__name__}: {error}. Install it again, by: "
            "pip install --force-reinstall --no-deps dgl; docs/dgl.md lists what it "
            "needs. Or use the network itself; its answers are the same."
        ) from error
    module: ModuleType = dgl
    return module


@contextmanager
def _core_alone() -> Iterator[None]:
    """Have DGL take PyTorch and find an empty graphbolt while it is imported.

    Unless it is told a backend, it prints a line and writes a file into the home.
    """
    if "dgl" in sys.modules:
        yield
        return
    backend = os.environ.get("DGLBACKEND")
    os.environ["DGLBACKEND"] = "pytorch"
    sys.modules[GRAPHBOLT] = LeftOut(GRAPHBOLT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if "dgl" not in sys.modules:  # it failed
            del sys.modules[GRAPHBOLT]
        if backend is None:
            del os.environ["DGLBACKEND"]
        else:
            os.environ["DGLBACKEND"] = backend
