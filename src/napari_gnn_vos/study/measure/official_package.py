"""Compatibility layer that runs `davisinteractive` with current libraries.

It is the DAVIS interactive benchmark by its authors, of 2020 and under the GPL v3, and
optional: specs/install_davisinteractive.sh installs it. It uses names that NumPy and
networkx have dropped since, and knows the sequences of DAVIS alone.
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
    lacking = [one for one in former if one[1] not in vars(one[0])]
    for module, name, meaning in lacking:
        setattr(module, name, meaning)
    try:
        yield
    finally:
        for module, name, _ in lacking:
            delattr(module, name)


@contextmanager
def registered_sequences(
    sequences: Mapping[str, tuple[int, ...]], subset: str
) -> Iterator[None]:
    """Register further sequences with the package, temporarily.

    Parameters
    ----------
    sequences : mapping of str to (int, int, int, int)
        By name: T, H and W of the video, and K, the number of objects.
    subset : str
        The name, among those that the package knows, that stands for them.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    with restored_aliases():
        davis = official("dataset").Davis
        before = davis.dataset, davis.sets
        facts = {name: _facts(*shape) for name, shape in sequences.items()}
        davis.dataset = {**davis.dataset, **facts}
        davis.sets = {**davis.sets, subset: list(sequences)}
        try:
            yield
        finally:
            davis.dataset, davis.sets = before


def _facts(t: int, h: int, w: int, k: int) -> dict[str, Any]:
    return {
        "num_frames": t,
        "image_size": [w, h],
        "num_objects": k,
        "num_scribbles": 1,
    }


def official(part: str) -> Any:
    """Import a module of the package; call it inside `restored_aliases`.

    Parameters
    ----------
    part : str
        Such as ``"metrics"``.

    Raises
    ------
    SettingsError
        If it, or something that it needs, is not installed.
    """
    module = _imported(f"davisinteractive.{part}")
    # Which pixels a skeleton keeps was seeded in the scikit-image of 2020.
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
            f"it gave: {error}. Run: bash specs/install_davisinteractive.sh"
        ) from error
