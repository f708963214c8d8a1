"""U-Net decoder that refines the boundary of a predicted object at stride 2.

Its inputs are the coarse probability of an object, which is constant in each
superpixel, early feature maps of the backbone, and local colour likelihoods. The first
convolution at each stride is a sum of two: one of the image, which is computed once per
frame for all objects and rounds, and one of the prediction.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.errors import CheckpointError, ReadError
from napari_gnn_vos.storage import atomic_write

FEATURE_BLOCKS = (1, 3, 6)
"""Backbone blocks whose maps are inputs, of strides 2, 4 and 8."""
FEATURE_CHANNELS = (16, 24, 32)
"""Channels of these maps."""
WIDTH = 16
"""Channels of the decoder at each stride."""
COLOUR_CHANNELS = 4
"""Channels of `model.local_colours.local_colour_likelihoods`."""
CLIP = 0.02
"""Limits CLIP and 1 - CLIP of the coarse probability in its logit."""


class ImageMaps(NamedTuple):
    """Results of the first convolutions of the image, one at each stride.

    Parameters
    ----------
    stride2 : (B, 16, h, w) Tensor
    stride4 : (B, 16, h / 2, w / 2) Tensor
    stride8 : (B, 16, h / 4, w / 4) Tensor
        h and w are half the height and width of the image, multiples of 4.
    """

    stride2: Tensor
    stride4: Tensor
    stride8: Tensor


class BoundaryDecoder(nn.Module):
    r"""U-Net decoder on frozen backbone features, added to the coarse logit.

    At each stride, with the map :math:`g` of `ImageMaps`, the coarse probability
    :math:`p` scaled to -1 .. 1 (at stride 2 with local colour likelihoods) and the
    activation :math:`x'` at twice the stride,

    .. math:: x = \sigma(W_2 * \sigma(g + W_p * p + W_x * \mathrm{up}(x')))

    where :math:`\sigma` is GELU. The output layer is initialised with zeros: an
    untrained decoder returns the coarse logit.
    """

    def __init__(self) -> None:
        super().__init__()
        f2, f4, f8 = FEATURE_CHANNELS
        c = WIDTH
        self.image8 = nn.Conv2d(f8, c, 3, padding=1)
        self.coarse8 = nn.Conv2d(1, c, 3, padding=1, bias=False)
        self.second8 = nn.Conv2d(c, c, 3, padding=2, dilation=2)
        self.image4 = nn.Conv2d(f4, c, 3, padding=1)
        self.coarse4 = nn.Conv2d(c + 1, c, 3, padding=1, bias=False)
        self.second4 = nn.Conv2d(c, c, 3, padding=1)
        self.image2 = nn.Conv2d(f2 + 3, c, 3, padding=1)
        self.coarse2 = nn.Conv2d(c + 1 + COLOUR_CHANNELS, c, 3, bias=False)
        self.second2 = nn.Conv2d(c, c, 3)
        self.output = nn.Conv2d(c, 1, 1)
        self.coarse_weight = nn.Parameter(torch.ones(()))
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)  # type: ignore[arg-type]

    def image_maps(self, features: list[Tensor], rgb: Tensor) -> ImageMaps:
        """Compute the first convolutions of the image.

        Parameters
        ----------
        features : list of (B, C, ...) Tensor
            Maps of `FEATURE_BLOCKS`, standardised over channels; each has half the
            height and width of the one before.
        rgb : (B, 3, h, w) Tensor
            The image at stride 2, -0.5 .. 0.5.

        Returns
        -------
        maps : ImageMaps
        """
        f2, f4, f8 = features
        with_rgb = torch.cat([f2, rgb], 1)
        return ImageMaps(self.image2(with_rgb), self.image4(f4), self.image8(f8))

    def context(
        self, stride4: Tensor, stride8: Tensor, coarse4: Tensor, coarse8: Tensor
    ) -> Tensor:
        """Compute the activation at stride 4.

        Parameters
        ----------
        stride4, stride8 : Tensor
            See `ImageMaps`.
        coarse4, coarse8 : (B, 1, ...) Tensor
            Coarse probability scaled to -1 .. 1, averaged at these strides.

        Returns
        -------
        context : (B, 16, h / 2, w / 2) Tensor
        """
        x = functional.gelu(stride8 + self.coarse8(coarse8))
        x = upsample(functional.gelu(self.second8(x)))
        x = functional.gelu(stride4 + self.coarse4(torch.cat([x, coarse4], 1)))
        return functional.gelu(self.second4(x))

    def residual(self, image: Tensor, inputs: Tensor, inside: Tensor) -> Tensor:
        """Compute the residual logit in windows with a margin.

        Parameters
        ----------
        image : (B, 16, h + 2, w + 2) Tensor
            `ImageMaps.stride2`.
        inputs : (B, 21, h + 4, w + 4) Tensor
            Upsampled context (16), coarse probability scaled to -1 .. 1 (1) and local
            colour likelihoods (4). Zero outside the image.
        inside : (B, 1, h + 2, w + 2) Tensor
            1 inside the image, 0 outside.

        Returns
        -------
        residual : (B, 1, h, w) Tensor
        """
        x = functional.gelu(image + self.coarse2(inputs)) * inside
        out: Tensor = self.output(functional.gelu(self.second2(x)))
        return out

    def forward(self, maps: ImageMaps, coarse: Tensor, colours: Tensor) -> Tensor:
        """Refine whole images, for training and as the reference of tiled inference.

        Parameters
        ----------
        maps : ImageMaps
        coarse : (B, 1, h, w) Tensor
            Coarse probability at stride 2, 0 .. 1.
        colours : (B, 4, h, w) Tensor
            Local colour likelihoods.

        Returns
        -------
        logit : (B, 1, h, w) Tensor
        """
        p2 = 2 * coarse - 1
        p4, p8 = (functional.avg_pool2d(p2, size) for size in (2, 4))
        context = upsample(self.context(maps.stride4, maps.stride8, p4, p8))
        residual = self.residual(
            functional.pad(maps.stride2, (1,) * 4),
            functional.pad(torch.cat([context, p2, colours], 1), (2,) * 4),
            functional.pad(torch.ones_like(coarse), (1,) * 4),
        )
        return self.coarse_logit(coarse) + residual

    def coarse_logit(self, coarse: Tensor) -> Tensor:
        """Multiply the logit of the coarse probability by its learned weight."""
        return torch.logit(coarse.clamp(CLIP, 1 - CLIP)) * self.coarse_weight


def upsample(x: Tensor) -> Tensor:
    """Double the height and width of (B, C, h, w) maps by bilinear interpolation."""
    return functional.interpolate(
        x, scale_factor=2, mode="bilinear", align_corners=False
    )


def save_decoder(
    path: Path, decoder: BoundaryDecoder, facts: dict[str, object]
) -> None:
    """Write the weights of a decoder with JSON metadata; replace a file atomically.

    Parameters
    ----------
    path : Path
        Ends in ``.safetensors``.
    decoder : BoundaryDecoder
    facts : dict
        Contents of the model card: data, seed, steps, time.
    """
    state = {k: v.detach().cpu().contiguous() for k, v in decoder.state_dict().items()}
    metadata = {"network": "boundary decoder", "facts": facts}
    content = save(state, metadata={"card": json.dumps(metadata)})
    atomic_write(path, lambda file: file.write(content))


def load_decoder(path: Path) -> BoundaryDecoder:
    """Read the weights of a decoder.

    Returns
    -------
    decoder : BoundaryDecoder
        In evaluation mode, on the CPU.

    Raises
    ------
    ReadError
        If the file is missing or is not a safetensors file.
    CheckpointError
        If it contains the weights of another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ReadError(
            f"Expected the weights of a boundary decoder in {path}; the file is "
            f"missing or no safetensors file ({error}). Train a decoder, or use the "
            "one that ships with the package."
        ) from error
    decoder = BoundaryDecoder()
    try:
        decoder.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} holds the weights of another network than the boundary decoder: "
            f"{error}. Choose another file."
        ) from error
    return decoder.eval()
