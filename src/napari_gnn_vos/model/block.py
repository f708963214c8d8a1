"""The block that MobileNetV2 is made of, computed in strips of rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIP = 2 << 20
"""Bytes: blocks expand their maps sixfold, so large ones are gone through in strips of
rows. Whole, they would leave the cache three times, and be paged in afresh."""


class Block(nn.Module):
    """An inverted residual with its batch norms folded into the convolutions."""

    def __init__(self, before: int, after: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [nn.Conv2d(before, wide, 1), nn.ReLU6(inplace=True)]
        layers += [
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide),
            nn.ReLU6(inplace=True),
            nn.Conv2d(wide, after, 1),
        ]
        self.layers = nn.Sequential(*layers)
        self.wide, self.stride = wide, stride
        self.residual = stride == 1 and before == after

    def forward(self, maps: Tensor) -> Tensor:
        """(B, before, h, w) to (B, after, h', w')."""
        height = (maps.shape[2] - 1) // self.stride + 1
        strip = height if maps.is_cuda else self._strip(maps)
        starts = range(0, height, strip)
        parts = [self._rows(maps, a, min(a + strip, height)) for a in starts]
        out = parts[0] if len(parts) == 1 else torch.cat(parts, 2)
        return maps + out if self.residual else out

    def _strip(self, maps: Tensor) -> int:
        """Rows of the output whose widest maps stay in a core's cache."""
        row = maps.shape[0] * self.wide * maps.shape[3] * maps.element_size()
        return max(1, STRIP // (row * self.stride))

    def _rows(self, maps: Tensor, start: int, stop: int) -> Tensor:
        """Rows `start` to `stop` of the output, from the few that they depend on."""
        *expand, depthwise, limit, project = self.layers
        above, below = start * self.stride - 1, (stop - 1) * self.stride + 2
        height = maps.shape[2]
        maps = maps[:, :, max(above, 0) : min(below, height)]
        for layer in expand:
            maps = layer(maps)
        rim = max(-above, 0), max(below - height, 0)
        if any(rim):  # what lies outside is nothing of the expanded maps
            maps = nn.functional.pad(maps, (0, 0, *rim))
        rows: Tensor = nn.functional.conv2d(
            maps,
            depthwise.get_parameter("weight"),
            depthwise.get_parameter("bias"),
            self.stride,
            padding=(0, 1),
            groups=self.wide,
        )
        out: Tensor = project(limit(rows))
        return out
