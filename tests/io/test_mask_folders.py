"""Folders of PNG masks as other programs leave them."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.label_images import davis_palette
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.vision import cv2

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


@pytest.mark.parametrize("mask", [MASK[:10], np.stack([MASK, 3 * MASK, MASK], -1)])
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


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_masks_as_colour_images_are_read(tmp_path, mode):
    grey = Image.fromarray(MASK).convert(mode)
    grey.save(tmp_path / "0.png")
    if mode != "LA":
        image = Image.fromarray(MASK, "P")
        image.putpalette(davis_palette())
        image.convert(mode).save(tmp_path / "1.png")
    for frame in import_labels(tmp_path, "png").frames:
        np.testing.assert_array_equal(frame, MASK)


@pytest.mark.parametrize("kind", [bool, "u1", "u2", "i4", "u8", "f4"])
def test_folder_of_tiff_masks_is_read(tmp_path, kind):
    for t in (2, 10):
        tifffile.imwrite(tmp_path / f"{t}_masks.tif", (MASK * (t > 2)).astype(kind))
    labels = import_labels(tmp_path)
    assert labels.frame_names == ["2_masks.tif", "10_masks.tif"]
    first, second = labels.frames
    np.testing.assert_array_equal(second, MASK.astype(kind))
    assert not first.any()


def test_stacks_are_no_single_masks(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([MASK] * 5))
    with pytest.raises(ReadError, match="one label image per file"):
        import_labels(tmp_path)


@pytest.mark.parametrize("colours", [False, True])
def test_orientation_of_masks_is_applied_like_that_of_images(tmp_path, colours):
    folders = tmp_path / "frames", tmp_path / "masks"
    exif = Image.Exif()
    exif[274] = 6
    for folder in folders:
        folder.mkdir()
        palette = np.reshape(davis_palette(), (256, 3)).astype(np.uint8)
        image = palette[MASK] if colours and folder.name == "masks" else MASK
        Image.fromarray(image).save(folder / "0.png", exif=exif)
    frame = read_video(folders[0]).raw(0)
    (mask,) = import_labels(folders[1]).frames
    np.testing.assert_array_equal(mask, frame)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float64])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_label_arrays_are_read(tmp_path, dtype, name):
    masks = np.stack([MASK > 3, MASK < 3]).astype(dtype)
    for array in (masks, masks[0]):
        if name == "a.npy":
            np.save(tmp_path / name, array)
        else:
            np.savez_compressed(tmp_path / name, flows=MASK, masks=array)
        labels = import_labels(tmp_path / name).frames
        np.testing.assert_array_equal(np.stack(list(labels)), array.reshape(-1, 20, 24))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": MASK, "b": MASK}, "'labels'"),
        ({"a": MASK[None, ..., None]}, "one value per pixel"),
        ({"a": MASK - 0.5}, "other values"),
        ({"a": np.full((20, 24), 70_000)}, "other values"),
        ({"a": np.array([{"masks": MASK}])}, "Cellpose"),
        ({}, "there are 0"),
    ],
)
def test_arrays_without_labels_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ReadError, match=message):
        import_labels(tmp_path / "a.npz")


def test_png_file_is_the_mask_of_a_single_image(tmp_path):
    save(tmp_path, "a.png")
    (mask,) = import_labels(tmp_path / "a.png").frames
    np.testing.assert_array_equal(mask, MASK)
    (tmp_path / "b.png").write_bytes(b"no mask")
    with pytest.raises(ReadError, match=r"b\.png is damaged"):
        import_labels(tmp_path / "b.png")


@pytest.mark.parametrize("names", [["a.png"] * 2, ["a.png", ".."], ["a", "A"]])
def test_frames_are_not_written_into_the_same_mask(tmp_path, names):
    masks = np.stack([MASK, 2 * MASK])
    with pytest.raises(ShapeError, match="Pass"):
        export_labels(VideoLabels(masks, frame_names=names), tmp_path / "masks")


def test_colour_images_of_16_bits_keep_their_labels(tmp_path):
    wide = MASK.astype(np.uint16) * 300
    cv2.imwrite(str(tmp_path / "0.png"), np.dstack([wide] * 3))
    (mask,) = import_labels(tmp_path).frames
    np.testing.assert_array_equal(mask, wide)
    cv2.imwrite(str(tmp_path / "0.png"), np.dstack([wide, wide, 2 * wide]))
    with pytest.raises(ReadError, match="16 bits"):
        import_labels(tmp_path)


def test_other_images_beside_masks_are_refused(tmp_path):
    for t in range(3):
        save(tmp_path, f"{t}.png")
        save(tmp_path, f"{t}_overlay.png")
    with pytest.raises(ReadError, match="two for each"):
        import_labels(tmp_path)
