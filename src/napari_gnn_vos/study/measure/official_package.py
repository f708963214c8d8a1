"""Compatibility layer that runs `davisinteractive` with current libraries.

The package is the DAVIS interactive benchmark by its authors, of 2020, under the GPL
v3. It is optional; ``scripts/install_davisinteractive.sh`` installs it. It uses names
that NumPy and networkx have since removed, and accepts only the sequences of DAVIS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from skimage.morphology import medial_axis

from napari_gnn_vos.errors import SettingsError


@contextmanager
def restored_aliases() -> Iterator[None]:
    """Restore aliases that NumPy and networkx removed since 2020, temporarily.

    Raises
    ------
    SettingsError
        If networkx is not installed.
    """
    networkx = _imported("networkx")
    former = [
        (np, "int", int),
        (np, "float", float),
        (np, "bool", bool),
        (np, "trapz", vars(np).get("trapezoid")),
        (
            networkx,
            "from_scipy_sparse_matrix",
            vars(networkx).get("from_scipy_sparse_array"),
        ),
    ]
    missing = [alias for alias in former if alias[1] not in vars(alias[0])]
    for module, name, meaning in missing:
        setattr(module, name, meaning)
    try:
        yield
    finally:
        for module, name, _ in missing:
            delattr(module, name)


@contextmanager
def registered_sequences(
    sequences: Mapping[str, tuple[int, ...]], subset: str
) -> Iterator[None]:
    """Register further sequences with the package, temporarily.

    Parameters
    ----------
    sequences : mapping of str to (int, int, int, int)
        T, H and W of the video and the number of objects K, by name.
    subset : str
        Subset name, one of those that the package accepts.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    with restored_aliases():
        davis = official("dataset").Davis
        before = davis.dataset, davis.sets
        properties = {name: _properties(*shape) for name, shape in sequences.items()}
        davis.dataset = {**davis.dataset, **properties}
        davis.sets = {**davis.sets, subset: list(sequences)}
        try:
            yield
        finally:
            davis.dataset, davis.sets = before


def _properties(t: int, h: int, w: int, k: int) -> dict[str, Any]:
    return {
        "num_frames": t,
        "image_size": [w, h],
        "num_objects": k,
        "num_scribbles": 1,
    }


def official(part: str) -> Any:
    """Import a module of the package, inside `restored_aliases`.

    Parameters
    ----------
    part : str
        Name of the module, for example ``"metrics"``.

    Raises
    ------
    SettingsError
        If the package or one of its dependencies is not installed.
    """
    module = _imported(f"davisinteractive.{part}")
    # The scikit-image of 2020 used a fixed seed for the medial axis.
    _imported("davisinteractive.robot.interactive_robot").medial_axis = partial(
        medial_axis, rng=0
    )
    return module


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SettingsError(
            "The protocol 'davisinteractive' needs the package of that name; importing "
            f"it gave: {error}. Run: bash scripts/install_davisinteractive.sh"
        ) from error
