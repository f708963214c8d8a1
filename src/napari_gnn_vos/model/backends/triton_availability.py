"""Availability of Triton. Its kernels are imported only where it can compile them."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def triton_unavailable(device: str) -> str | None:
    """Return why Triton cannot compile for a device, or None if it can.

    Compiles and runs the kernels once, since some causes, such as a missing C compiler,
    appear only then.
    """
    if device != "cuda":
        return f"the device is {device!r}"
    if find_spec("triton") is None:
        return "Triton is not installed"
    if graphics_driver_loaded_llvm():
        return "Triton crashes beside the compiler (LLVM) of this graphics driver, Mesa"
    try:
        from napari_gnn_vos.model.backends.triton_layers import compile_kernels

        compile_kernels(device)
    except Exception as error:  # noqa: BLE001 - whatever it is, PyTorch can be used
        return f"Triton does not work here: {error}"
    return None


def graphics_driver_loaded_llvm(maps: Path = Path("/proc/self/maps")) -> bool:
    """Return whether Mesa has loaded LLVM into this process; False if unknown.

    Triton brings an LLVM of its own and crashes where Mesa's was loaded first.
    """
    try:
        return "/libLLVM" in maps.read_text()
    except OSError:
        return False
