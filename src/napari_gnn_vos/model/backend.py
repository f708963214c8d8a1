"""What a network computes with, and what there is to compute with."""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from napari_gnn_vos.errors import SettingsError

BACKENDS = ("auto", "fused", "torch", "triton", "half", "dgl")
log = logging.getLogger(__name__)


def choose_backend(name: str, device: str) -> str:
    """Choose what to compute with on a device.

    Raises
    ------
    SettingsError
        If the backend is not known, or not for this device.
    """
    if name not in BACKENDS:
        raise SettingsError(f"The backend must be one of {BACKENDS}, not {name!r}.")
    if name == "fused" and device != "cpu":
        raise SettingsError(
            f"The backend 'fused' computes on the CPU, not on {device!r}. Choose the "
            "device 'cpu', or the backend 'torch'."
        )
    if name in ("triton", "half"):
        trouble = trouble_with_triton(device)
        if trouble:
            raise SettingsError(
                f"The backend {name!r} needs a CUDA GPU and Triton, but {trouble}. "
                "Choose the backend 'torch'; its answers are the same."
            )
    if name != "auto":
        return name
    if device == "cpu":
        return "fused"
    trouble = trouble_with_triton(device)
    if trouble:
        log.info("plain torch computes: %s", trouble)
    return "torch" if trouble else "triton"


@cache
def trouble_with_triton(device: str) -> str | None:
    """Say what keeps Triton from compiling for a device; nothing if it works."""
    if device != "cuda":
        return f"the device is {device!r}"
    if find_spec("triton") is None:
        return "Triton is not installed"
    if graphics_driver_compiles():
        return "Triton crashes beside the compiler (LLVM) of this graphics driver, Mesa"
    try:  # it needs a C compiler, and more that only a run tells
        from napari_gnn_vos.model.triton_layers import rehearse

        rehearse(device)
    except Exception as error:  # noqa: BLE001 - whatever it is, torch can do without
        return f"Triton does not work here: {error}"
    return None


def graphics_driver_compiles(maps: Path = Path("/proc/self/maps")) -> bool:
    """Tell whether Mesa has loaded a compiler into this process, where Linux tells.

    Each brings LLVM; Triton crashes where Mesa's was first.
    """
    try:
        return "/libLLVM" in maps.read_text()
    except OSError:
        return False
