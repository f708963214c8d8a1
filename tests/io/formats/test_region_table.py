import csv

import numpy as np
import pytest
from skimage.measure import regionprops

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.formats import region_table
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import moving_squares, video_labels

labels = moving_squares()


def image(t):
    return np.random.default_rng(t).integers(0, 256, (24, 30, 3), np.uint8)


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [*csv.DictReader(file)]


def test_table_has_the_properties_of_each_object_and_frame(tmp_path):
    source = video_labels(image=image)
    assert region_table.write_csv(source, tmp_path / "a.csv") == 6
    rows = rows_of(tmp_path / "a.csv")
    expected = [
        (t, region)
        for t, frame in enumerate(labels)
        for region in regionprops(frame, image(t).mean(axis=2))
    ]
    assert len(rows) == len(expected) == 12
    for row, (t, region) in zip(rows, expected, strict=True):
        assert (int(row["frame"]), int(row["label"])) == (t, region.label)
        assert float(row["area"]) == region.area
        assert (float(row["row"]), float(row["col"])) == region.centroid
        box = ("bbox_row", "bbox_col", "bbox_row_end", "bbox_col_end")
        assert tuple(int(row[key]) for key in box) == region.bbox
        assert float(row["perimeter"]) == region.perimeter
        assert float(row["mean_intensity"]) == region.intensity_mean
    assert (rows[0]["name"], rows[0]["colour"]) == ("Bär <1>", "#ff5a5f")


def test_table_without_images_has_no_intensity(tmp_path):
    region_table.write_csv(VideoLabels(labels), tmp_path / "a.csv")
    assert "mean_intensity" not in rows_of(tmp_path / "a.csv")[0]


def test_tracks_have_the_columns_of_a_tracks_layer(tmp_path):
    layers = pytest.importorskip("napari.layers")
    assert region_table.write_tracks(video_labels(image=image), tmp_path / "a.csv") == 6
    rows = rows_of(tmp_path / "a.csv")
    data = np.array(
        [[float(row[c]) for c in ("track_id", "t", "y", "x")] for row in rows]
    )
    layer = layers.Tracks(data)
    np.testing.assert_array_equal(np.unique(layer.data[:, 0]), [1, 2, 7])
    assert data[data[:, 0] == 2, 1:].tolist() == [[1, 15.5, 22], [4, 15.5, 22]]


def test_table_of_frames_without_objects_has_no_rows(tmp_path):
    blank = VideoLabels(np.zeros((2, 4, 5), np.uint8))
    assert region_table.write_csv(blank, tmp_path / "a.csv") == 2
    assert rows_of(tmp_path / "a.csv") == []


def test_parquet_has_the_rows_of_csv(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(region_table, "ROWS_PER_GROUP", 5)
    source = video_labels(image=image)
    assert region_table.write_parquet(source, tmp_path / "a.parquet") == 6
    region_table.write_csv(source, tmp_path / "a.csv")
    table = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    text = [{key: str(value) for key, value in row.items()} for row in table]
    assert text == rows_of(tmp_path / "a.csv")


def test_parquet_keeps_identities_names_colours_and_types(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    masks = np.zeros((3, 12, 15), np.uint16)
    masks[0, 2:5, 3:7], masks[1, 1, 1], masks[2] = 300, 65535, 7
    names = {300: 'Zelle \u4e2d\n,"x"', 65535: "caf\udce9", 7: ""}
    source = VideoLabels(masks, names, {300: (1, 2, 3)})
    assert region_table.write_parquet(source, tmp_path / "a.parquet") == 3
    table = parquet.read_table(tmp_path / "a.parquet")
    types = {str(table.schema.field(name).type): name for name in table.column_names}
    assert set(types) == {"int64", "string", "double"}
    rows = [(row["frame"], row["label"], row["name"]) for row in table.to_pylist()]
    assert rows == [(0, 300, names[300]), (1, 65535, "caf\ufffd"), (2, 7, "")]
    assert table["colour"].to_pylist()[0] == "#010203"
    assert table["area"].to_pylist() == [12, 1, 180]
    blank = VideoLabels(np.zeros((2, 4, 5), np.uint8))
    assert region_table.write_parquet(blank, tmp_path / "b.parquet") == 2
    assert parquet.read_table(tmp_path / "b.parquet").schema == table.schema


def test_parquet_names_the_package_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SettingsError, match="pip install pyarrow"):
        region_table.write_parquet(video_labels(), tmp_path / "a.parquet")
