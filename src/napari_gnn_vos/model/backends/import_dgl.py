"""Import of DGL, the Deep Graph Library, without its data loading part.

DGL is optional; see docs/how-to/dgl.md. Its data loading part, graphbolt, is compiled
for PyTorch up to 2.2, and `import dgl` fails without it. Message passing does not need
it, so it is replaced by an empty module.
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


class EmptyModule(ModuleType):
    """A module without attributes, with an error message that says so."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(
            f"{self.__name__} has no {name!r} here: napari_gnn_vos imports DGL without "
            "graphbolt. To use graphbolt, import dgl before the first use of the DGL "
            "layers."
        )


def import_dgl() -> ModuleType:
    """Import DGL for PyTorch without graphbolt, or return it if it is imported.

    Returns
    -------
    dgl : module

    Raises
    ------
    SettingsError
        If DGL is not installed, or its import fails.
    """
    if find_spec("dgl") is None:
        raise SettingsError(
            "The DGL layers need the package dgl, which is not installed. On Linux "
            "with Python 3.11 or 3.12, run: pip install 'napari-gnn-vos[dgl]'. "
            "Elsewhere use another backend; its predictions are the same."
        )
    try:
        with _without_graphbolt():
            import dgl
    except Exception as error:
        raise SettingsError(
            "The DGL layers need the package dgl, which is installed, but importing it "
            f"gave {type(error).__name__}: {error}. Install it again, by: "
            "pip install --force-reinstall --no-deps dgl; docs/how-to/dgl.md lists "
            "what it needs. Or use another backend; its predictions are the same."
        ) from error
    module: ModuleType = dgl
    return module


@contextmanager
def _without_graphbolt() -> Iterator[None]:
    """Set PyTorch as DGL's backend and an empty graphbolt during the import.

    Without a backend in the environment, DGL prints a line and writes a file into the
    home directory.
    """
    if "dgl" in sys.modules:
        yield
        return
    backend = os.environ.get("DGLBACKEND")
    os.environ["DGLBACKEND"] = "pytorch"
    sys.modules[GRAPHBOLT] = EmptyModule(GRAPHBOLT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if "dgl" not in sys.modules:  # the import failed
            del sys.modules[GRAPHBOLT]
        if backend is None:
            del os.environ["DGLBACKEND"]
        else:
            os.environ["DGLBACKEND"] = backend
