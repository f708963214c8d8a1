import numpy as np
import pytest
import torch
from torch import nn

from napari_gnn_vos.errors import CheckpointError
from napari_gnn_vos.model import inverted_residual
from napari_gnn_vos.model.backbone import (
    BLOCKS,
    MEAN,
    STAGES,
    STD,
    MobileNetV2,
    bundled_state,
    embed_around,
    embedder,
    fold_batch_norm,
)
from napari_gnn_vos.model.loading import load_backbone
from napari_gnn_vos.prepare.superpixel_pooling import pool_maps
from napari_gnn_vos.vision import cv2
from tests.scenes import texture


class Unfolded(nn.Module):
    """The published network, with a batch norm after each convolution."""

    def __init__(self):
        super().__init__()
        features = [self._conv(3, 32, 3, 2)]
        before = 32
        for expansion, after, repeats, stride in STAGES:
            for k in range(repeats):
                wide, step = before * expansion, 1 if k else stride
                layers = [self._conv(before, wide, 1)] if expansion > 1 else []
                layers.append(self._conv(wide, wide, 3, step, wide))
                layers += [nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after)]
                features.append(nn.ModuleDict({"conv": nn.Sequential(*layers)}))
                before = after
        self.features = nn.ModuleList(features)

    @staticmethod
    def _conv(before, after, size, stride=1, groups=1):
        return nn.Sequential(
            nn.Conv2d(before, after, size, stride, size // 2, 1, groups, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU6(),
        )

    def forward(self, maps):
        kept = [maps := self.features[0](maps)]
        for layers in self.features[1:]:
            out = layers["conv"](maps)
            maps = maps + out if out.shape == maps.shape else out
            kept.append(maps)
        return kept


@pytest.fixture(scope="module")
def unfolded():
    torch.manual_seed(0)
    network = Unfolded().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.2, 2)
    return network


def test_folded_network_equals_the_published_one(unfolded):
    keep = (1, 4, *BLOCKS)
    folded = MobileNetV2(keep).eval()
    folded.load_state_dict(fold_batch_norm(unfolded.state_dict()))
    pictures = torch.randn(1, 3, 33, 40)
    with torch.no_grad():
        actual, expected = folded(pictures), unfolded(pictures)
    for maps, number in zip(actual, keep, strict=True):
        assert maps.std() > 0.01
        torch.testing.assert_close(maps, expected[number], rtol=1e-4, atol=1e-4)


def test_layers_after_the_last_block_are_ignored(unfolded):
    state = dict(unfolded.state_dict())
    state["features.18.0.weight"] = torch.zeros(1280, 320, 1, 1)
    for name in ("weight", "bias", "running_mean", "running_var"):
        state[f"features.18.1.{name}"] = torch.ones(1280)
    assert set(fold_batch_norm(state)) == set(MobileNetV2((13,)).state_dict())


def test_maps_of_the_bundled_weights_are_standardised():
    maps = embedder(bundled_state())(texture((48, 64)))
    assert [m.shape for m in maps] == [(6, 8, 32), (3, 4, 64), (3, 4, 96)]
    for m in maps:
        assert m.dtype == np.float32
        np.testing.assert_allclose(m.mean(axis=2), 0, atol=1e-4)
        np.testing.assert_allclose(m.std(axis=2), 1, atol=0.01)


def test_odd_sizes_are_rounded_up():
    maps = embedder(bundled_state(), outputs=(6,))(texture((49, 65)))
    assert [m.shape for m in maps] == [(7, 9, 32)]


def test_images_are_normalised_with_imagenet_statistics():
    picture = texture((32, 32))
    (maps,) = embedder(bundled_state(), outputs=(6,))(picture)
    network = MobileNetV2((6,)).eval()
    state = bundled_state()
    network.load_state_dict({k: state[k].float() for k in network.state_dict()})
    pixels = (picture / 255.0 - MEAN) / STD
    with torch.no_grad():
        (raw,) = network(torch.tensor(pixels.transpose(2, 0, 1)[None]).float())
    raw = raw[0].permute(1, 2, 0).numpy()
    expected = (raw - raw.mean(2, keepdims=True)) / raw.std(2, keepdims=True)
    np.testing.assert_allclose(maps, expected, atol=2e-2)


def test_features_of_equal_texture_are_similar():
    embed = embedder(bundled_state())
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::4] = stripes[1::4] = 255
    stripes[:, 32:] = (180, 40, 40)
    first = embed(stripes)[0]
    within = np.abs(first[3, 1] - first[4, 2]).mean()
    across = np.abs(first[3, 1] - first[3, 6]).mean()
    assert within < 0.5 * across


def test_missing_weights_raise_an_error():
    state = bundled_state()
    del state[sorted(state)[0]]
    with pytest.raises(CheckpointError, match="1 arrays are missing"):
        embedder(state)


@pytest.mark.parametrize("size", [(64, 50), (33, 40), (37, 97)])
def test_result_is_independent_of_the_strip_size(size, monkeypatch):
    torch.manual_seed(0)
    network = MobileNetV2((1, 3, 6)).eval()
    pictures = torch.randn(1, 3, *size)
    with torch.no_grad():
        whole = network(pictures)
        for strip in (1, 40_000):
            monkeypatch.setattr(inverted_residual, "STRIP_BYTES", strip)
            for actual, expected in zip(network(pictures), whole, strict=True):
                torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("box", [(200, 210, 300, 330), (0, 1, 0, 1), (470, 480, 0, 40)])
def test_maps_around_a_box_equal_those_of_the_whole_image(box):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (30, 54, 3), np.uint8)
    picture = cv2.resize(coarse, (854, 480), interpolation=cv2.INTER_CUBIC)
    top, below, left, beyond = box
    selected, sizes = np.zeros((480, 854), bool), []
    selected[top:below, left:beyond] = True

    def embed(part):
        sizes.append(part.shape[0] * part.shape[1])
        return load_backbone()(part)

    maps = embed_around(embed, picture, selected)
    assert sizes[0] < 0.5 * selected.size
    labels = np.where(selected, 1, 0)
    parts, whole = (pool_maps(m, labels)[1] for m in (maps, load_backbone()(picture)))
    np.testing.assert_allclose(parts, whole, atol=2e-3)
