import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.coco import describe, export_coco
from napari_gnn_vos.io.export import export_labels

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # COCO's

labels = np.random.default_rng(0).integers(0, 4, (5, 18, 20), np.uint8)
labels[2][labels[2] == 2] = 0


def read(path):
    return json.loads(path.read_text("utf-8"))


def decoded(segmentation):
    """As COCO's own code reads it."""
    run_lengths = coco_mask.frPyObjects(segmentation, *segmentation["size"])
    return coco_mask.decode(run_lengths).astype(bool), run_lengths


def test_coco_reads_every_mask_box_and_area(tmp_path):
    path = tmp_path / "clip.json"
    assert export_coco(labels, path) == 5
    found = read(path)
    assert [one["id"] for one in found["annotations"]] == [1, 2, 3]
    for one in found["annotations"]:
        facts = zip(one["segmentations"], one["bboxes"], one["areas"], strict=True)
        for t, (segmentation, box, area) in enumerate(facts):
            mask = labels[t] == one["id"]
            if not mask.any():
                assert (segmentation, box, area) == (None, None, None)
                continue
            again, run_lengths = decoded(segmentation)
            np.testing.assert_array_equal(again, mask)
            assert coco_mask.area(run_lengths) == area
            np.testing.assert_allclose(coco_mask.toBbox(run_lengths), box)
    assert found["annotations"][1]["segmentations"][2] is None
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("first", [0, 1])
def test_masks_may_begin_inside_and_fill_the_frame(first):
    mask = np.zeros((4, 3), bool)
    mask[first:] = True
    np.testing.assert_array_equal(decoded(describe(mask)["segmentation"])[0], mask)


def test_the_video_and_its_categories(tmp_path):
    path = tmp_path / "clip.json"
    export_coco(labels, path, {1: "car", 3: "bus"})
    found = read(path)
    (video,) = found["videos"]
    assert (video["width"], video["height"], video["length"]) == (20, 18, 5)
    assert video["file_names"][4] == "clip/00004.jpg"
    names = {one["id"]: one["name"] for one in found["categories"]}
    kinds = [names[one["category_id"]] for one in found["annotations"]]
    assert kinds == ["car", "object", "bus"]


def test_objects_of_one_name_are_of_one_category(tmp_path):
    export_coco(labels, tmp_path / "clip.json", {1: "car", 2: "car", 3: "car"})
    found = read(tmp_path / "clip.json")
    assert found["categories"] == [{"id": 1, "name": "car"}]
    assert {one["category_id"] for one in found["annotations"]} == {1}


def test_a_video_without_objects(tmp_path):
    assert export_labels(np.zeros((2, 4, 5), np.uint8), tmp_path / "none.json") == 2
    assert read(tmp_path / "none.json")["annotations"] == []


def test_what_cannot_be_written_leaves_what_is_there(tmp_path):
    export_coco(labels, tmp_path / "clip.json")
    before = (tmp_path / "clip.json").read_text()
    with pytest.raises(ShapeError):
        export_coco([labels[0], labels[0, :5]], tmp_path / "clip.json")
    assert (tmp_path / "clip.json").read_text() == before
    with pytest.raises(ReadError, match="Cannot write"):
        export_coco(labels, tmp_path / "missing" / "clip.json")
