"""Inverted residual block of MobileNetV2, computed in strips of rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIP_BYTES = 2 << 20
"""Maximum size of the expanded maps of a strip. A block expands its input sixfold;
strips of rows keep the expanded maps in the cache of a core, and avoid large
allocations."""


class InvertedResidual(nn.Module):
    """An inverted residual block with batch norms folded into the convolutions.

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int
        Stride of the depthwise convolution.
    expansion : int
        Factor between the channels of the expanded maps and of the input.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [nn.Conv2d(in_channels, hidden, 1), nn.ReLU6(inplace=True)]
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden),
            nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, out_channels, 1),
        ]
        self.layers = nn.Sequential(*layers)
        self.hidden, self.stride = hidden, stride
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, maps: Tensor) -> Tensor:
        """Compute (B, out_channels, h', w') maps from (B, in_channels, h, w)."""
        height = (maps.shape[2] - 1) // self.stride + 1
        strip = height if maps.is_cuda else self._rows_per_strip(maps)
        starts = range(0, height, strip)
        strips = [self._compute_rows(maps, a, min(a + strip, height)) for a in starts]
        out = strips[0] if len(strips) == 1 else torch.cat(strips, 2)
        return maps + out if self.residual else out

    def _rows_per_strip(self, maps: Tensor) -> int:
        """Compute the number of output rows whose expanded maps fit `STRIP_BYTES`."""
        row = maps.shape[0] * self.hidden * maps.shape[3] * maps.element_size()
        return max(1, STRIP_BYTES // (row * self.stride))

    def _compute_rows(self, maps: Tensor, start: int, stop: int) -> Tensor:
        """Compute the output rows `start` to `stop` from the input rows they need."""
        *expand, depthwise, activation, project = self.layers
        first, end = start * self.stride - 1, (stop - 1) * self.stride + 2
        height = maps.shape[2]
        maps = maps[:, :, max(first, 0) : min(end, height)]
        for layer in expand:
            maps = layer(maps)
        padding = max(-first, 0), max(end - height, 0)
        if any(padding):  # the expanded maps are zero-padded, not the input
            maps = nn.functional.pad(maps, (0, 0, *padding))
        rows: Tensor = nn.functional.conv2d(
            maps,
            depthwise.get_parameter("weight"),
            depthwise.get_parameter("bias"),
            self.stride,
            padding=(0, 1),
            groups=self.hidden,
        )
        out: Tensor = project(activation(rows))
        return out
