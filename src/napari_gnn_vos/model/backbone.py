"""Deep features of a picture: the first blocks of an ImageNet-trained MobileNetV2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from napari_gnn_vos.errors import CheckpointError
from napari_gnn_vos.model.block import Block
from napari_gnn_vos.vision import cv2

Embed = Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]
"""From a (H, W, 3) picture to feature maps (h, w, C) of falling resolution."""

BLOCKS = (6, 10, 13)
"""Blocks whose outputs are kept, of 32, 64 and 96 channels."""
STEPS = (8, 16, 16)
"""Pixels between the positions of their maps."""
REACH = 160
"""Pixels, a multiple of every step: a position of the last map depends on the picture
134 away, and is averaged with others that are 16 away."""
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SETTING = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""Expansion, channels, repeats and stride of the stages, to block 13."""
BUNDLED = Path(__file__).parent / "weights" / "mobilenetv2-imagenet.safetensors"


class MobileNetV2(nn.Module):
    """MobileNetV2 up to a block, returning what the chosen blocks put out.

    Parameters
    ----------
    keep : tuple of int
        Numbers of the blocks, rising, 1 to 13.

    References
    ----------
    M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018.
    """

    def __init__(self, keep: tuple[int, ...] = BLOCKS) -> None:
        super().__init__()
        self.keep = keep
        blocks: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6(inplace=True))
        ]
        before = 32
        for expansion, after, repeats, stride in SETTING:
            for k in range(repeats):
                blocks.append(Block(before, after, 1 if k else stride, expansion))
                before = after
        self.blocks = nn.ModuleList(blocks[: keep[-1] + 1])

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised pictures to a list of (B, C, h, w) maps."""
        kept = []
        for number, block in enumerate(self.blocks):
            pictures = block(pictures)
            if number in self.keep:
                kept.append(pictures)
        return kept


def fold_batch_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fold the batch norms of a published MobileNetV2 state into its convolutions.

    Parameters
    ----------
    state : mapping of str to Tensor
        Convolutions and batch norms in turn, in the order of the network, as the
        common implementations in PyTorch save them.

    Returns
    -------
    folded : dict of str to Tensor
        What `MobileNetV2` loads, cut after block 13.
    """
    names = [name for name in state if state[name].ndim == 4]
    norms = [n.removesuffix("running_var") for n in state if n.endswith("running_var")]
    wanted = [
        name.removesuffix("weight")
        for name, value in MobileNetV2((13,)).state_dict().items()
        if value.ndim == 4
    ]
    folded = {}
    for to, conv, norm in zip(wanted, names, norms, strict=False):
        scale = state[f"{norm}weight"] / torch.sqrt(state[f"{norm}running_var"] + 1e-5)
        shift = state[f"{norm}bias"] - state[f"{norm}running_mean"] * scale
        folded[f"{to}weight"] = state[conv] * scale[:, None, None, None]
        folded[f"{to}bias"] = shift
    return folded


def embedder(
    state: Mapping[str, Tensor], keep: tuple[int, ...] = BLOCKS, device: str = "cpu"
) -> Embed:
    """Make a function from a picture to feature maps.

    Parameters
    ----------
    state : mapping of str to Tensor
        Folded weights; more blocks than are kept may be there.
    keep : tuple of int
        Blocks to keep.
    device : str
        Where to compute.

    Returns
    -------
    embed : callable
        From (H, W, 3) uint8 to a list of (h, w, C) float32, each map standardised
        over its channels at every position.
    """
    network = MobileNetV2(keep)
    missing = set(network.state_dict()) - set(state)
    if missing:
        raise CheckpointError(
            f"The backbone's weights must hold blocks up to {keep[-1]}; "
            f"{len(missing)} arrays are missing. Make the file again."
        )
    own = {name: state[name].float() for name in network.state_dict()}
    network.load_state_dict(own)
    network.eval().to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    shades = torch.arange(256)[:, None] / 255
    table = ((shades - torch.tensor(MEAN)) / torch.tensor(SPREAD)).numpy()[None]

    @torch.inference_mode()
    def embed(picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        pixels = torch.from_numpy(cv2.LUT(picture, table)).to(device)
        pixels = pixels.permute(2, 0, 1)[None]  # channels last, as they lie
        return [_standard(maps[0].permute(1, 2, 0)) for maps in network(pixels)]

    return embed


def embed_around(
    embed: Embed, picture: NDArray[np.uint8], wanted: NDArray[np.bool_]
) -> list[NDArray[np.float32]]:
    """Compute the maps of a picture for some pixels, from what lies around these.

    Parameters
    ----------
    embed : callable
        From `embedder`, with the blocks of `BLOCKS`.
    picture : (H, W, 3) ndarray of uint8
    wanted : (H, W) ndarray of bool
        One pixel or more.

    Returns
    -------
    maps : list of (h, w, C) ndarray of float32
        Zero farther away.
    """
    height, width = wanted.shape
    ends = [np.flatnonzero(wanted.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    top, left = (max(int(one[0]) - REACH, 0) // STEPS[-1] * STEPS[-1] for one in ends)
    below, beyond = (int(one[1]) + 1 + REACH for one in ends)
    maps = []
    parts = embed(np.ascontiguousarray(picture[top:below, left:beyond]))
    for part, step in zip(parts, STEPS, strict=True):
        shape = -(-height // step), -(-width // step), part.shape[2]
        whole, (row, col) = np.zeros(shape, np.float32), (top // step, left // step)
        whole[row : row + part.shape[0], col : col + part.shape[1]] = part
        maps.append(whole)
    return maps


def _standard(maps: Tensor) -> NDArray[np.float32]:
    """Zero mean and unit variance over the channels of every position."""
    out: NDArray[np.float32] = nn.functional.layer_norm(maps, maps.shape[-1:]).numpy(
        force=True
    )
    return out


def bundled_state() -> dict[str, Tensor]:
    """Weights that come with this package."""
    state: dict[str, Tensor] = load_file(BUNDLED)
    return state
