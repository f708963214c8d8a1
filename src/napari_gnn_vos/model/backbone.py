"""Deep features of an image: the first blocks of an ImageNet-trained MobileNetV2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from napari_gnn_vos.errors import CheckpointError
from napari_gnn_vos.hardware import raise_if_cancelled
from napari_gnn_vos.model.inverted_residual import InvertedResidual
from napari_gnn_vos.vision import cv2

Embed = Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]
"""Map an (H, W, 3) image to feature maps (h, w, C) of decreasing resolution."""

BLOCKS = (6, 10, 13)
"""Blocks whose outputs are returned, with 32, 64 and 96 channels."""
STRIDES = (8, 16, 16)
"""Strides of their maps, in pixels."""
MARGIN = 160
"""Margin in pixels, a multiple of each stride: the receptive field of the last map has
a radius of 134 pixels, and pooling averages positions up to 16 pixels away."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Statistics of R, G and B (0 to 1) in ImageNet, by which images are normalised."""
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""Expansion, channels, repeats and stride of the stages, to block 13."""
BUNDLED = Path(__file__).parent / "weights" / "mobilenetv2-imagenet.safetensors"


class MobileNetV2(nn.Module):
    """MobileNetV2 up to a block, which returns the outputs of selected blocks.

    Parameters
    ----------
    outputs : tuple of int
        Blocks whose outputs are returned, 1 to 13, ascending.

    References
    ----------
    M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018.
    """

    def __init__(self, outputs: tuple[int, ...] = BLOCKS) -> None:
        super().__init__()
        self.outputs = outputs
        blocks: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6(inplace=True))
        ]
        channels = 32
        for expansion, out_channels, repeats, stride in STAGES:
            for k in range(repeats):
                step = 1 if k else stride
                block = InvertedResidual(channels, out_channels, step, expansion)
                blocks.append(block)
                channels = out_channels
        self.blocks = nn.ModuleList(blocks[: outputs[-1] + 1])

    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute the (B, C, h, w) maps of (B, 3, H, W) normalised images."""
        maps, selected = images, []
        for number, block in enumerate(self.blocks):
            raise_if_cancelled()
            maps = block(maps)
            if number in self.outputs:
                selected.append(maps)
        return selected


def fold_batch_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fold the batch norms of a published MobileNetV2 state into its convolutions.

    Parameters
    ----------
    state : mapping of str to Tensor
        Alternating convolutions and batch norms in the order of the network, as saved
        by the common implementations in PyTorch.

    Returns
    -------
    folded : dict of str to Tensor
        State of `MobileNetV2` up to block 13.
    """
    names = [name for name in state if state[name].ndim == 4]
    norms = [n.removesuffix("running_var") for n in state if n.endswith("running_var")]
    targets = [
        name.removesuffix("weight")
        for name, value in MobileNetV2((13,)).state_dict().items()
        if value.ndim == 4
    ]
    folded = {}
    for target, conv, norm in zip(targets, names, norms, strict=False):
        scale = state[f"{norm}weight"] / torch.sqrt(state[f"{norm}running_var"] + 1e-5)
        shift = state[f"{norm}bias"] - state[f"{norm}running_mean"] * scale
        folded[f"{target}weight"] = state[conv] * scale[:, None, None, None]
        folded[f"{target}bias"] = shift
    return folded


def embedder(
    state: Mapping[str, Tensor],
    outputs: tuple[int, ...] = BLOCKS,
    device: str = "cpu",
) -> Embed:
    """Create a function that computes the feature maps of an image.

    Parameters
    ----------
    state : mapping of str to Tensor
        Folded weights; may contain further blocks.
    outputs : tuple of int
        Blocks whose outputs are returned, ascending.
    device : str
        Device to compute on.

    Returns
    -------
    embed : callable
        From (H, W, 3) uint8 to a list of (h, w, C) float32. Each map is standardised
        over its channels at each position.

    Raises
    ------
    CheckpointError
        If weights are missing.
    """
    network = MobileNetV2(outputs)
    missing = set(network.state_dict()) - set(state)
    if missing:
        raise CheckpointError(
            f"Expected the weights of all blocks up to {outputs[-1]}; "
            f"{len(missing)} arrays are missing. Create the file again."
        )
    weights = {name: state[name].float() for name in network.state_dict()}
    network.load_state_dict(weights)
    network.eval().to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    levels = torch.arange(256)[:, None] / 255
    table = ((levels - torch.tensor(MEAN)) / torch.tensor(STD)).numpy()[None]

    @torch.inference_mode()
    def embed(image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        pixels = torch.from_numpy(cv2.LUT(image, table)).to(device)
        pixels = pixels.permute(2, 0, 1)[None]  # a view in channels-last layout
        return [_standardise(maps[0].permute(1, 2, 0)) for maps in network(pixels)]

    return embed


def embed_around(
    embed: Embed, image: NDArray[np.uint8], selected: NDArray[np.bool_]
) -> list[NDArray[np.float32]]:
    """Compute the feature maps of an image in a box around selected pixels.

    Parameters
    ----------
    embed : callable
        From `embedder`, with the blocks of `BLOCKS`.
    image : (H, W, 3) ndarray of uint8
    selected : (H, W) ndarray of bool
        Contains one pixel or more.

    Returns
    -------
    maps : list of (h, w, C) ndarray of float32
        Exact at the selected pixels; zero outside their bounding box with a margin.
    """
    height, width = selected.shape
    ends = [np.flatnonzero(selected.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    top, left = (
        max(int(first) - MARGIN, 0) // STRIDES[-1] * STRIDES[-1] for first, _ in ends
    )
    bottom, right = (int(last) + 1 + MARGIN for _, last in ends)
    maps = []
    crops = embed(np.ascontiguousarray(image[top:bottom, left:right]))
    for crop, stride in zip(crops, STRIDES, strict=True):
        shape = -(-height // stride), -(-width // stride), crop.shape[2]
        full, (row, col) = np.zeros(shape, np.float32), (top // stride, left // stride)
        full[row : row + crop.shape[0], col : col + crop.shape[1]] = crop
        maps.append(full)
    return maps


def _standardise(maps: Tensor) -> NDArray[np.float32]:
    """Standardise (h, w, C) maps over the channels of each position."""
    out: NDArray[np.float32] = nn.functional.layer_norm(maps, maps.shape[-1:]).numpy(
        force=True
    )
    return out


def bundled_state() -> dict[str, Tensor]:
    """Load the state of `MobileNetV2` that ships with the package."""
    state: dict[str, Tensor] = load_file(BUNDLED)
    return state
