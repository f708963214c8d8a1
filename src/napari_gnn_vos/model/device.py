"""Which device computes: the only place that asks what there is."""

from __future__ import annotations

import torch

from napari_gnn_vos.errors import SettingsError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> str:
    """Choose the device to compute on.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        "auto" takes a GPU if there is one.

    Returns
    -------
    device : str

    Raises
    ------
    SettingsError
        If the device is not known, or not there.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),  # noqa: TID251 - this is the place
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there.get(name, False):
        raise SettingsError(
            f"The device must be one of {DEVICES} and be there; {name!r} is not. "
            f"Here are: {sorted(d for d, yes in there.items() if yes)}."
        )
    return name


def use_gpu(number: int) -> None:
    """Let "cuda" mean another GPU than the first, in this process, if there are any.

    Parameters
    ----------
    number : int
        From 0; more than there are go round.
    """
    if torch.cuda.is_available():  # noqa: TID251 - this is the place
        torch.cuda.set_device(number % torch.cuda.device_count())
