import json
import time
from dataclasses import replace
from pathlib import Path
from shutil import make_archive

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.formats import ome_zarr
from tests.io.formats.scenes import moving_squares, placement, video_labels

zarr = pytest.importorskip("zarr", "3")


@pytest.mark.parametrize(("version", "module"), [("0.4", "v04"), ("0.5", "v05")])
def test_groups_follow_the_specification(tmp_path, version, module):
    path = tmp_path / "a.zarr"
    assert ome_zarr.write(video_labels(), path, version) == 6
    labels = zarr.open_group(str(path), mode="r")["labels"]
    image = labels["segmentation"]
    np.testing.assert_array_equal(image["0"][:], moving_squares())
    assert image["0"].chunks == (1, 24, 30)
    assert image.metadata.zarr_format == {"0.4": 2, "0.5": 3}[version]
    models = pytest.importorskip(f"ome_zarr_models.{module}.image_label")
    metadata = image.attrs.asdict()
    models.ImageLabelAttrs.model_validate(metadata.get("ome", metadata))


def test_metadata_have_names_and_colours(tmp_path):
    ome_zarr.write(video_labels(), tmp_path / "a.zarr")
    image = tmp_path / "a.zarr/labels/segmentation"
    metadata = json.loads((image / ".zattrs").read_text())
    (multiscale,) = metadata["multiscales"]
    assert [axis["name"] for axis in multiscale["axes"]] == ["t", "y", "x"]
    assert metadata["image-label"]["properties"][1] == {
        "label-value": 2,
        "name": "cup & saucer",
    }
    assert metadata["image-label"]["colors"][0]["rgba"] == [255, 90, 95, 255]
    assert (image / "0/5/0/0").is_file()


def test_position_and_units_are_stored(tmp_path):
    ome_zarr.write(video_labels(placement=placement()), tmp_path / "a.zarr")
    image = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["labels/segmentation"]
    (multiscale,) = image.attrs["multiscales"]
    units = [axis["unit"] for axis in multiscale["axes"]]
    assert units == ["second", "micrometer", "micrometer"]
    scale, translation = multiscale["datasets"][0]["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": [30, 0.5, 0.25]}
    assert translation == {"type": "translation", "translation": [0, 7, 3]}
    ome_zarr.write(video_labels(), tmp_path / "b.zarr")
    image = zarr.open_group(str(tmp_path / "b.zarr"), mode="r")["labels/segmentation"]
    (multiscale,) = image.attrs["multiscales"]
    (scale,) = multiscale["datasets"][0]["coordinateTransformations"]
    assert scale["scale"] == [1, 1, 1]
    assert not any("unit" in axis for axis in multiscale["axes"])


@pytest.mark.parametrize("inner", ["labels", "labels/segmentation"])
def test_inner_groups_are_read(tmp_path, inner):
    ome_zarr.write(video_labels(), tmp_path / "a.zarr")
    read = ome_zarr.read(tmp_path / "a.zarr" / inner)
    np.testing.assert_array_equal(read.frames[:], moving_squares())


def test_axes_of_length_one_are_dropped(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    stack = moving_squares()[:, None, None]
    array = group.create_array("s0", shape=stack.shape, dtype=stack.dtype)
    array[:] = stack
    datasets = [{"path": "s0"}]
    group.attrs.update({"multiscales": [{"datasets": datasets}], "image-label": {}})
    read = ome_zarr.read(tmp_path / "a.zarr")
    np.testing.assert_array_equal(read.frames[:], moving_squares())


def test_colours_without_value_and_of_background_are_skipped(tmp_path):
    ome_zarr.write(video_labels(), tmp_path / "a.zarr")
    image = zarr.open_group(str(tmp_path / "a.zarr/labels/segmentation"), mode="r+")
    colours = [
        {"label-value": 0, "rgba": [9, 9, 9, 0]},
        {"label-value": 1},
        {"label-value": 2, "rgba": [1, 2, 3, 255]},
    ]
    properties = [{"label-value": 0, "name": "background"}]
    label = {"colors": colours, "properties": properties}
    image.attrs.update({"image-label": label})
    read = ome_zarr.read(tmp_path / "a.zarr")
    assert (read.names, read.colours) == ({}, {2: (1, 2, 3)})


def test_groups_without_labels_are_refused(tmp_path):
    zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    with pytest.raises(ReadError, match="there are 0"):
        ome_zarr.read(tmp_path / "a.zarr")


@pytest.mark.parametrize("name", [".zarray", ".zgroup", ".zattrs", "0"])
def test_nothing_remains_of_a_failed_export(tmp_path, monkeypatch, name):
    write_open = Path.open

    def open_file(path, mode="r", *args, **kwargs):
        if "w" in mode and path.name.startswith(name):
            raise OSError(28, "No space left on device")
        if "w" in mode:  # by a thread that has not ended when another one fails
            time.sleep(0.02)
            path.parent.mkdir(parents=True, exist_ok=True)
        return write_open(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_file)
    with pytest.raises(ReadError, match="No space left"):
        ome_zarr.write(video_labels(), tmp_path / "a.zarr")
    time.sleep(0.2)
    assert [*tmp_path.iterdir()] == []


def test_chunks_are_written_before_the_next_frame_is_read(tmp_path):
    chunks = []

    def frames():
        for t, frame in enumerate(moving_squares()):
            chunks.append(len([*tmp_path.rglob(f"segmentation/0/{t - 1}/0/0")]))
            yield frame

    ome_zarr.write(replace(video_labels(), frames=frames()), tmp_path / "a.zarr")
    assert chunks == [0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("is_zipped", [False, True])
def test_arrays_without_metadata_are_labels(tmp_path, is_zipped):
    labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "a.zarr"
    zarr.save_array(str(path), labels)
    if is_zipped:
        path = Path(make_archive(str(path), "zip", path))
    read = import_labels(path)
    np.testing.assert_array_equal(np.stack(list(read.frames)), labels)
