"""Selection of the device; the only module that queries the available devices."""

from __future__ import annotations

import torch

from napari_gnn_vos.errors import SettingsError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> str:
    """Choose the device to compute on.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        "auto" selects a GPU if there is one.

    Returns
    -------
    device : str

    Raises
    ------
    SettingsError
        If the device is not known, or not available.
    """
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),  # noqa: TID251 - this is the place
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available.get(name, False):
        raise SettingsError(
            f"The device must be one of {DEVICES} and be available, not {name!r}. "
            f"Available are: {sorted(d for d, yes in available.items() if yes)}."
        )
    return name


def use_gpu(number: int) -> None:
    """Select the GPU that "cuda" refers to in this process, if there are any.

    Parameters
    ----------
    number : int
        From 0, modulo the number of GPUs.
    """
    if torch.cuda.is_available():  # noqa: TID251 - this is the place
        torch.cuda.set_device(number % torch.cuda.device_count())
