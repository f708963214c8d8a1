"""Networks and backbones by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backbone import (
    Embed,
    bundled_state,
    embedder,
    fold_batch_norm,
)
from napari_gnn_vos.model.boundary_decoder import FEATURE_BLOCKS, load_decoder
from napari_gnn_vos.model.boundary_refiner import BoundaryRefiner
from napari_gnn_vos.model.checkpoint import load_checkpoint
from napari_gnn_vos.model.device import choose_device
from napari_gnn_vos.model.predictor import Predictor

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT = "gatedgcn"
DECODER = WEIGHTS / "boundary-decoder.safetensors"


def load_model(
    name: str | Path = DEFAULT, device: str = "auto", backend: str = "auto"
) -> Predictor:
    """Load a trained network.

    Parameters
    ----------
    name : str or Path
        One that ships with the package, "gatedgcn" or "gatedgcn-small" (half the time),
        or a safetensors file of your own.
    device : {"auto", "cpu", "cuda", "mps"}
    backend : {"auto", "fused", "torch", "triton", "half", "dgl"}
        See `Predictor`.

    Returns
    -------
    model : Predictor

    Raises
    ------
    ReadError, CheckpointError
        If there is no such file, or it holds something else.
    SettingsError
        If no model has this name, the device is not there, or the backend is not for
        it.
    """
    path = Path(name)
    if path.suffix != ".safetensors":
        path = WEIGHTS / f"{name}.safetensors"
        known = sorted(one.stem for one in WEIGHTS.glob("gatedgcn*.safetensors"))
        if path.stem not in known:
            raise SettingsError(
                f"The model must be one of {known}, or a .safetensors file; "
                f"{str(name)!r} is neither."
            )
    return Predictor(*load_checkpoint(path), choose_device(device), backend)


@cache
def load_backbone(name: str = "mobilenetv2", device: str = "cpu") -> Embed:
    """Load the network that describes what pictures look like; once.

    Parameters
    ----------
    name : {"mobilenetv2", "torchvision"}
        The weights that ship with the package, or torchvision's, which are read from
        its cache or fetched by it.
    device : str

    Returns
    -------
    embed : callable
        From a (H, W, 3) picture to feature maps (h, w, C).
    """
    if name == "mobilenetv2":
        return embedder(bundled_state(), device=device)
    if name == "torchvision":
        return embedder(_torchvision_state(), device=device)
    raise SettingsError(
        f"The backbone must be 'mobilenetv2' or 'torchvision', not {name!r}."
    )


@cache
def load_boundary_refiner(device: str = "cpu") -> BoundaryRefiner:
    """Load the boundary decoder that ships with the package; once per device.

    Parameters
    ----------
    device : str

    Returns
    -------
    refiner : BoundaryRefiner
    """
    embed = embedder(bundled_state(), FEATURE_BLOCKS, device)
    return BoundaryRefiner(load_decoder(DECODER), embed, device)


def _torchvision_state() -> dict[str, torch.Tensor]:
    try:
        from torchvision.models import MobileNet_V2_Weights
    except ImportError as error:
        raise SettingsError(
            "The backbone 'torchvision' needs the package torchvision, which is not "
            "installed. Install it, or use the backbone 'mobilenetv2'."
        ) from error
    return fold_batch_norm(MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict())
