"""Folders of PNG masks as other programs leave them."""

import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.export import import_labels

MASK = (np.arange(20 * 24).reshape(20, 24) // 48).astype(np.uint8)


def save(folder, name, mask=MASK):
    Image.fromarray(mask).save(folder / name)


def test_suffixes_of_masks_may_be_upper_case(tmp_path):
    save(tmp_path, "0.PNG")
    save(tmp_path, "1.png", 2 * MASK)
    frames = list(import_labels(tmp_path, "png").frames)
    np.testing.assert_array_equal(frames, [MASK, 2 * MASK])


def test_hidden_files_are_no_masks(tmp_path):
    save(tmp_path, "0.png")
    (tmp_path / "._0.png").write_bytes(b"\x00\x05\x16\x07")
    assert import_labels(tmp_path, "png").frame_names == ["0.png"]


@pytest.mark.parametrize("mask", [MASK[:10], np.stack([MASK] * 3, -1)])
def test_masks_of_another_size_or_colours_are_refused_on_opening(tmp_path, mask):
    save(tmp_path, "0.png")
    save(tmp_path, "1.png", mask)
    with pytest.raises(ReadError, match=r"1\.png"):
        import_labels(tmp_path, "png")


def test_masks_of_8_and_16_bits_are_read(tmp_path):
    save(tmp_path, "0.png")
    save(tmp_path, "1.png", 300 * MASK.astype(np.uint16))
    frames = import_labels(tmp_path, "png").frames[:]
    assert frames.dtype == np.uint16
    np.testing.assert_array_equal(frames, [MASK, 300 * MASK.astype(np.uint16)])
