import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats import label_studio
from napari_gnn_vos.io.formats.brush_code import decode_brush, encode_brush
from tests.io.formats.scenes import moving_squares, video_labels

labels = moving_squares()


def test_tasks_have_a_brush_region_for_each_visible_object(tmp_path):
    source = video_labels(frame_names=[f"{t}.png" for t in range(6)])
    assert label_studio.write(source, tmp_path / "a.json") == 6
    tasks = json.loads((tmp_path / "a.json").read_text())
    assert [task["data"]["image"] for task in tasks] == source.frame_names
    (annotation,) = tasks[4]["annotations"]
    regions = annotation["result"]
    assert [region["id"] for region in regions] == ["object-1", "object-2", "object-7"]
    assert regions[1]["value"]["brushlabels"] == ["cup & saucer"]
    assert (regions[1]["original_width"], regions[1]["original_height"]) == (30, 24)


def test_code_of_a_small_mask_is_that_of_label_studio():
    # 8 values of 8 bits, lengths of 3, 4, 8 and 16 bits; 4 x 0, then 4 x 255
    code = encode_brush(np.array([[False, True]]))
    fields = (
        f"{8:032b} {7:05b} {2:04b} {3:04b} {7:04b} {15:04b} "
        f"1 00 {3:03b} {0:08b} 1 00 {3:03b} {255:08b}"
    ).replace(" ", "")
    padded = fields.ljust(-(-len(fields) // 8) * 8, "0")
    assert code == [int(padded[k : k + 8], 2) for k in range(0, len(padded), 8)]


def test_library_of_label_studio_decodes_the_masks():
    brush = pytest.importorskip("label_studio_converter.brush")
    for label in (1, 2, 7):
        mask = labels[4] == label
        values = brush.decode_rle(encode_brush(mask))
        np.testing.assert_array_equal(values.reshape(24, 30, 4)[..., 3] > 0, mask)


def test_masks_of_the_library_of_label_studio_are_read():
    brush = pytest.importorskip("label_studio_converter.brush")
    mask = labels[4] == 1
    code = brush.encode_rle(np.repeat(mask.ravel() * np.uint8(255), 4))
    np.testing.assert_array_equal(decode_brush(code, (24, 30)), mask)


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_every_mask_is_decoded(mask):
    code = encode_brush(mask)
    np.testing.assert_array_equal(decode_brush(code, mask.shape), mask)


def test_runs_longer_than_16_bits_are_split():
    mask = np.zeros((300, 300), bool)
    mask[-1, -1] = True
    code = encode_brush(mask)
    assert len(code) < 50
    np.testing.assert_array_equal(decode_brush(code, mask.shape), mask)


def test_literal_runs_are_decoded():
    fields = f"{8:032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}000{7:03b}"
    fields += f"{0:08b}" * 4 + f"{255:08b}" * 4
    fields = fields.ljust(-(-len(fields) // 8) * 8, "0")
    code = [int(fields[k : k + 8], 2) for k in range(0, len(fields), 8)]
    assert decode_brush(code, (1, 2)).tolist() == [[False, True]]


def test_regions_of_other_ids_are_identified_by_class(tmp_path):
    label_studio.write(video_labels(), tmp_path / "a.json")
    tasks = json.loads((tmp_path / "a.json").read_text())
    for task in tasks:
        for region in task["annotations"][0]["result"]:
            region["id"] = "x7Ab"
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    read = label_studio.read(tmp_path / "a.json")
    assert read.names == {1: "Bär <1>", 2: "cup & saucer"}
    expected = np.where(labels == 7, 2, labels)
    np.testing.assert_array_equal(read.frames[:], expected)


def test_relations_and_cancelled_annotations_are_skipped(tmp_path):
    label_studio.write(video_labels(), tmp_path / "a.json")
    tasks = json.loads((tmp_path / "a.json").read_text())
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    for task in tasks:
        task["annotations"][0]["result"].append(relation)
        task["annotations"].append({"result": [], "was_cancelled": True})
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    read = label_studio.read(tmp_path / "a.json")
    np.testing.assert_array_equal(read.frames[:], labels)


@pytest.mark.parametrize(
    ("code", "message"), [([0, 0, 0, 8], "cut off"), ([0, 0, 0, 9] * 9, "9 values")]
)
def test_damaged_masks_are_refused(code, message):
    with pytest.raises(ReadError, match=message):
        decode_brush(code, (1, 2))


@pytest.mark.parametrize("name", ["/data/upload/1/{:08x}-img_{}.png", "s3://a/img_{}"])
def test_tasks_are_in_natural_order_of_their_images(tmp_path, name):
    label_studio.write(video_labels(), tmp_path / "a.json")
    tasks = json.loads((tmp_path / "a.json").read_text())
    for t, task in enumerate(tasks):
        numbers = (12_345_678 * (7 - t), 8 + t) if "x" in name else (8 + t,)
        task["data"] = {"image": name.format(*numbers)}
    (tmp_path / "a.json").write_text(
        json.dumps(sorted(tasks, key=lambda task: task["data"]["image"]))
    )
    read = label_studio.read(tmp_path / "a.json")
    np.testing.assert_array_equal(read.frames[:], labels)


def test_tasks_are_sorted_by_frame(tmp_path):
    label_studio.write(video_labels(), tmp_path / "a.json")
    tasks = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(tasks[::-1]))
    np.testing.assert_array_equal(
        label_studio.read(tmp_path / "a.json").frames[:], labels
    )


def test_files_with_damaged_masks_are_refused_on_opening(tmp_path):
    label_studio.write(video_labels(), tmp_path / "a.json")
    tasks = json.loads((tmp_path / "a.json").read_text())
    del tasks[-1]["annotations"][0]["result"][0]["value"]["rle"][-4:]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    with pytest.raises(ReadError, match="cut off"):
        label_studio.read(tmp_path / "a.json")
