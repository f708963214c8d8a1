"""Load networks, backbones and the boundary decoder by name."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import torch

from napari_gnn_vos.arguments import file_path, instance, validated
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
from napari_gnn_vos.model.named_models import DEFAULT, WEIGHTS, find_model
from napari_gnn_vos.model.predictor import Predictor

DECODER = "boundary-decoder"
"""Name of the boundary decoder that ships with the package."""
SHARED_MODELS = 4
"""Number of models that `shared_model` keeps."""


@validated(name=file_path, device=instance(str), backend=instance(str))
def load_model(
    name: str | Path = DEFAULT, device: str = "auto", backend: str = "auto"
) -> Predictor:
    """Load a trained network for inference.

    Parameters
    ----------
    name : str or Path
        "gatedgcn" or "gatedgcn-small" (half the time), which ship with the package, the
        name of a fine-tuned model, or the path of a safetensors file.
    device : {"auto", "cpu", "cuda", "mps"}
    backend : {"auto", "fused", "torch", "triton", "half", "dgl"}
        See `Predictor`.

    Returns
    -------
    model : Predictor

    Raises
    ------
    ReadError, CheckpointError
        If the file is missing or is not a checkpoint.
    SettingsError
        If no model has this name, or the device or the backend is not available.
    """
    file, execution = Path(name), (choose_device(device), backend)
    if file.suffix == ".safetensors":
        return Predictor(*load_checkpoint(file), *execution)
    files = find_model(str(name))
    multi_object = Predictor(*load_checkpoint(files.multi_object), *execution)
    model = Predictor(*load_checkpoint(files.network), *execution, multi_object)
    if files.projection is not None:
        model.name, model.projection = files.name, str(files.projection)
    return model


def shared_model(name: str = DEFAULT) -> Predictor:
    """Load a trained network once for all videos and rounds of this process.

    On a GPU, a shared network also keeps the frames that were copied to it.

    Parameters
    ----------
    name : str
        See `load_model`, whose errors are raised.

    Returns
    -------
    model : Predictor
        Loaded again when one of its files has changed. It must not be trained.
    """
    path = Path(name)
    files = (path,) if path.suffix == ".safetensors" else find_model(name).paths
    modified = tuple(file.stat().st_mtime_ns for file in files if file.exists())
    return _load_shared(name, modified)


@lru_cache(SHARED_MODELS)
def _load_shared(name: str, _modified: tuple[int, ...]) -> Predictor:
    return load_model(name)


@cache
def load_backbone(name: str = "mobilenetv2", device: str = "cpu") -> Embed:
    """Load the backbone for appearance features; once per process.

    Parameters
    ----------
    name : {"mobilenetv2", "torchvision"}
        Weights that ship with the package, or those of torchvision, which downloads
        them if they are not in its cache.
    device : str

    Returns
    -------
    embed : callable
        From an (H, W, 3) image to feature maps (h, w, C).

    Raises
    ------
    SettingsError
        If the backbone is not known, or torchvision is not installed.
    """
    if name == "mobilenetv2":
        return embedder(bundled_state(), device=device)
    if name == "torchvision":
        return embedder(_torchvision_state(), device=device)
    raise SettingsError(
        f"The backbone must be 'mobilenetv2' or 'torchvision', not {name!r}."
    )


@cache
def load_boundary_refiner(
    device: str = "cpu", decoder: str = DECODER
) -> BoundaryRefiner:
    """Load a boundary decoder with its backbone; once per device and decoder.

    Parameters
    ----------
    device : str
    decoder : str
        "boundary-decoder", which ships with the package, or the path of a safetensors
        file.

    Returns
    -------
    refiner : BoundaryRefiner

    Raises
    ------
    SettingsError
        If no decoder has this name.
    ReadError, CheckpointError
        If the file is missing or has other weights.
    """
    path = WEIGHTS / f"{DECODER}.safetensors" if decoder == DECODER else Path(decoder)
    if path.suffix != ".safetensors":
        raise SettingsError(
            f"The decoder must be {DECODER!r} or a .safetensors file; {decoder!r} is "
            "neither."
        )
    embed = embedder(bundled_state(), FEATURE_BLOCKS, device)
    return BoundaryRefiner(load_decoder(path), embed, device)


def _torchvision_state() -> dict[str, torch.Tensor]:
    """Load and fold the weights of torchvision; downloads them on first use."""
    try:
        from torchvision.models import MobileNet_V2_Weights
    except ImportError as error:
        raise SettingsError(
            "The backbone 'torchvision' needs the package torchvision, which is not "
            "installed. Install it, or use the backbone 'mobilenetv2'."
        ) from error
    return fold_batch_norm(MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict())
