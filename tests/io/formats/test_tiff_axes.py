import numpy as np
import pytest
import tifffile

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.formats import tiff, tiff_axes
from napari_gnn_vos.io.formats.tiff import export_tiff
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import (
    COLOURS,
    NAMES,
    moving_squares,
    placement,
    video_labels,
)

labels = moving_squares()


def test_ome_axes_are_time_rows_and_columns(tmp_path):
    assert tiff_axes.write_ome(video_labels(), tmp_path / "a.ome.tif") == 6
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert (file.is_ome, file.is_bigtiff) == (True, False)
        assert (file.series[0].axes, file.series[0].shape) == ("TYX", (6, 24, 30))
        np.testing.assert_array_equal(file.asarray(), labels)


def test_imagej_has_frames_and_a_lookup_table(tmp_path):
    tiff_axes.write_imagej(video_labels(), tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.series[0].axes == "TYX"
        metadata = file.imagej_metadata
        assert (metadata["images"], metadata["frames"]) == (6, 6)
        assert np.reshape(metadata["LUTs"], (3, 256))[:, 7].tolist() == list(COLOURS[7])
        np.testing.assert_array_equal(file.asarray(), labels)


def test_stacks_of_other_programs_are_read_as_labels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", labels)
    np.testing.assert_array_equal(import_labels(tmp_path / "a.tif").frames[:], labels)
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((4, 16, 16, 3), np.uint8))
    with pytest.raises(ReadError, match="Expected label images"):
        import_labels(tmp_path / "rgb.tif")


def test_offsets_have_64_bits_only_if_needed(tmp_path, monkeypatch):
    for export in (export_tiff, lambda a, path: tiff_axes.write_ome(a, path)):
        for limit, expected in ((2**32, False), (1000, True)):
            monkeypatch.setattr(tiff, "BIG_TIFF_BYTES", limit)
            monkeypatch.setattr(tiff_axes, "BIG_TIFF_BYTES", limit)
            source = labels if export is export_tiff else video_labels()
            export(source, tmp_path / "a.tif")
            with tifffile.TiffFile(tmp_path / "a.tif") as file:
                assert file.is_bigtiff == expected
    with pytest.raises(ShapeError, match="limited to 4 GB"):
        tiff_axes.write_imagej(video_labels(), tmp_path / "a.tif")


def test_names_and_colours_are_stored_in_both_formats(tmp_path):
    for name, write in (
        ("a.tif", tiff_axes.write_imagej),
        ("a.ome.tif", tiff_axes.write_ome),
    ):
        write(video_labels(), tmp_path / name)
        read = tiff_axes.read(tmp_path / name)
        assert (read.names, read.colours) == (NAMES, COLOURS)


def test_generators_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="generator"):
        tiff_axes.write_ome(VideoLabels(iter(labels)), tmp_path / "a.ome.tif")


def test_sizes_of_pixels_are_stored(tmp_path):
    placed = video_labels(placement=placement())
    tiff_axes.write_ome(placed, tmp_path / "a.ome.tif")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    sizes = {name: pixels[f"PhysicalSize{name}"] for name in "XY"}
    assert sizes | {"t": pixels["TimeIncrement"]} == {"X": 0.25, "Y": 0.5, "t": 30}
    assert (pixels["PhysicalSizeXUnit"], pixels["TimeIncrementUnit"]) == ("µm", "s")
    tiff_axes.write_imagej(placed, tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.pages.first.resolution == (4, 2)
        assert file.imagej_metadata["unit"] == "um"
        assert file.imagej_metadata["finterval"] == 30


def test_pixels_of_no_unit_have_no_size(tmp_path):
    tiff_axes.write_ome(video_labels(), tmp_path / "a.ome.tif")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert "PhysicalSize" not in file.ome_metadata
    scaled = video_labels(placement=placement(("pixel",) * 4))
    tiff_axes.write_ome(scaled, tmp_path / "b.ome.tif")
    with tifffile.TiffFile(tmp_path / "b.ome.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeXUnit"]) == (0.25, "pixel")


MASKS = (np.arange(5 * 20 * 24).reshape(5, 20, 24) // 500).astype(np.uint8)


@pytest.mark.parametrize("kind", [bool, "i1", "i4", "u4", "i8", "u8", "f2", "f4", "f8"])
def test_labels_of_other_programs_may_have_any_type(tmp_path, kind):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, MASKS.astype(kind), photometric="minisblack")
    read = np.stack(list(tiff_axes.read(path).frames))
    np.testing.assert_array_equal(read, MASKS.astype(kind))


def test_inverted_and_palette_images_keep_their_labels(tmp_path):
    palette = np.arange(3 * 256).reshape(3, 256).astype(np.uint16) * 60
    for name, options in {
        "a": {"photometric": "miniswhite"},
        "b": {"photometric": "palette", "colormap": palette},
    }.items():
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, MASKS, metadata=None, **options)
        np.testing.assert_array_equal(
            np.stack(list(tiff_axes.read(path).frames)), MASKS
        )


@pytest.mark.parametrize("value", [-1, 70_000, 0.5, np.nan])
def test_other_numbers_are_no_labels(tmp_path, value):
    masks = MASKS.astype(np.float32)
    masks[-1, 3, 4] = value
    tifffile.imwrite(tmp_path / "a.tif", masks)
    with pytest.raises(ReadError, match="labels from 0 to 65535; frame 4"):
        tiff_axes.read(tmp_path / "a.tif")
