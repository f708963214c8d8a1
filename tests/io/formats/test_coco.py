import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats import coco, coco_reader
from napari_gnn_vos.io.formats.coco import encode_mask, export_coco
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import COLOURS, NAMES, moving_squares, video_labels

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation"
)  # of pycocotools

labels = np.random.default_rng(0).integers(0, 4, (5, 18, 20), np.uint8)
labels[2][labels[2] == 2] = 0


def read(path):
    return json.loads(path.read_text("utf-8"))


def decoded(segmentation):
    """Decode with pycocotools."""
    run_lengths = coco_mask.frPyObjects(segmentation, *segmentation["size"])
    return coco_mask.decode(run_lengths).astype(bool), run_lengths


def test_pycocotools_decodes_every_mask_box_and_area(tmp_path):
    path = tmp_path / "clip.json"
    assert export_coco(labels, path) == 5
    document = read(path)
    assert [annotation["id"] for annotation in document["annotations"]] == [1, 2, 3]
    for annotation in document["annotations"]:
        facts = zip(
            annotation["segmentations"],
            annotation["bboxes"],
            annotation["areas"],
            strict=True,
        )
        for t, (segmentation, box, area) in enumerate(facts):
            mask = labels[t] == annotation["id"]
            if not mask.any():
                assert (segmentation, box, area) == (None, None, None)
                continue
            mask_read, run_lengths = decoded(segmentation)
            np.testing.assert_array_equal(mask_read, mask)
            assert coco_mask.area(run_lengths) == area
            np.testing.assert_allclose(coco_mask.toBbox(run_lengths), box)
    assert document["annotations"][1]["segmentations"][2] is None
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("first", [0, 1])
def test_masks_at_the_first_pixel_and_full_masks_are_encoded(first):
    mask = np.zeros((4, 3), bool)
    mask[first:] = True
    np.testing.assert_array_equal(decoded(encode_mask(mask)["segmentation"])[0], mask)


def test_video_and_categories_are_written(tmp_path):
    path = tmp_path / "clip.json"
    export_coco(labels, path, {1: "car", 3: "bus"})
    document = read(path)
    (video,) = document["videos"]
    assert (video["width"], video["height"], video["length"]) == (20, 18, 5)
    assert video["file_names"][4] == "clip/00004.jpg"
    names = {item["id"]: item["name"] for item in document["categories"]}
    categories = [names[item["category_id"]] for item in document["annotations"]]
    assert categories == ["car", "object", "bus"]


def test_objects_of_the_same_name_share_a_category(tmp_path):
    export_coco(labels, tmp_path / "clip.json", {1: "car", 2: "car", 3: "car"})
    document = read(tmp_path / "clip.json")
    assert document["categories"] == [{"id": 1, "name": "car"}]
    assert {item["category_id"] for item in document["annotations"]} == {1}


def test_video_without_objects_has_no_annotations(tmp_path):
    assert export_labels(np.zeros((2, 4, 5), np.uint8), tmp_path / "none.json") == 2
    assert read(tmp_path / "none.json")["annotations"] == []


def test_failed_export_keeps_the_existing_file(tmp_path):
    export_coco(labels, tmp_path / "clip.json")
    before = (tmp_path / "clip.json").read_text()
    with pytest.raises(ShapeError):
        export_coco([labels[0], labels[0, :5]], tmp_path / "clip.json")
    assert (tmp_path / "clip.json").read_text() == before
    with pytest.raises(ReadError, match="Cannot write"):
        export_coco(labels, tmp_path / "missing" / "clip.json")


def test_file_names_are_those_of_the_frames(tmp_path):
    names = [f"img_{t}.png" for t in range(5)]
    export_coco(labels, tmp_path / "a.json", frame_names=names, video_name="clip")
    (video,) = read(tmp_path / "a.json")["videos"]
    assert video["file_names"] == [f"clip/{name}" for name in names]
    with pytest.raises(ShapeError, match="5 frames and 4 names"):
        export_coco(labels, tmp_path / "a.json", frame_names=names[:4])


def test_objects_keep_label_name_and_colour(tmp_path):
    source = video_labels(frame_names=[f"{t}.png" for t in range(6)], video_name="clip")
    coco.write(source, tmp_path / "clip.json")
    read = coco_reader.read(tmp_path / "clip.json")
    np.testing.assert_array_equal(read.frames[:], source.frames)
    assert (read.names, read.colours) == (NAMES, COLOURS)
    assert (read.frame_names, read.video_name) == (source.frame_names, "clip")


def test_colours_of_categories_are_used(tmp_path):
    path = tmp_path / "clip.json"
    coco.write(VideoLabels(labels, {1: "car"}, {1: (1, 2, 3)}), path)
    document = read(path)
    for category in document["categories"]:
        category["color"] = [4, 5, 6] if category["name"] == "car" else "#040506"
    document["annotations"][1]["color"] = "no colour"
    path.write_text(json.dumps(document))
    colours = coco_reader.read(path).colours
    assert colours == {1: (1, 2, 3), 2: (4, 5, 6), 3: (4, 5, 6)}


def test_run_lengths_compressed_by_pycocotools_are_read(tmp_path):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    document = read(path)
    for annotation in document["annotations"]:
        annotation["segmentations"] = [
            rle and compressed(rle) for rle in annotation["segmentations"]
        ]
    path.write_text(json.dumps(document))
    np.testing.assert_array_equal(coco_reader.read(path).frames[:], labels)


def compressed(segmentation):
    run_lengths = coco_mask.frPyObjects(segmentation, *segmentation["size"])
    return run_lengths | {"counts": run_lengths["counts"].decode()}


def test_labels_of_sixteen_bits_are_kept(tmp_path):
    wide = moving_squares(dtype=np.int32, last=40_000)
    export_coco(wide, tmp_path / "clip.json")
    np.testing.assert_array_equal(
        coco_reader.read(tmp_path / "clip.json").frames[:], wide
    )


@pytest.mark.parametrize("counts", ["o" * 100_000, "\u00e9", [2**70], [-1, 361]])
def test_impossible_run_lengths_are_refused(tmp_path, counts):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    document = read(path)
    document["annotations"][0]["segmentations"][0]["counts"] = counts
    path.write_text(json.dumps(document))
    with pytest.raises(ReadError, match="Export"):
        coco_reader.read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"videos": []}, "videos"),
        ({"annotations": [{"id": 1}]}, "annotations"),
        ({"categories": 3}, "categories"),
    ],
)
def test_other_documents_are_refused(tmp_path, change, message):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    path.write_text(json.dumps(read(path) | change))
    with pytest.raises(ReadError, match=message):
        coco_reader.read(path)


def test_damaged_masks_are_refused(tmp_path):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    document = read(path)
    document["annotations"][0]["segmentations"][0]["counts"] = [3]
    path.write_text(json.dumps(document))
    with pytest.raises(ReadError, match="360 pixels"):
        coco_reader.read(path)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ([{"size": [3, 3], "counts": [9]}], "one has"),
        ([None] * 7, "5 frames"),
    ],
)
def test_masks_of_another_video_are_refused_on_opening(tmp_path, masks, message):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    document = read(path)
    document["annotations"][0]["segmentations"] = masks
    path.write_text(json.dumps(document))
    with pytest.raises(ReadError, match=message):
        coco_reader.read(path)


def test_frames_are_in_natural_order_of_their_names(tmp_path):
    path = tmp_path / "clip.json"
    order = [2, 3, 4, 0, 1]  # 10.png, 11.png, 12.png, 8.png, 9.png
    names = [f"{8 + t}.png" for t in order]
    export_coco(labels[order], path, frame_names=names)
    loaded = coco_reader.read(path)
    np.testing.assert_array_equal(loaded.frames[:], labels)
    assert loaded.frame_names == [f"{t}.png" for t in range(8, 13)]


def test_single_image_is_read_by_pycocotools(tmp_path):
    path = tmp_path / "still.json"
    export_coco(labels[:1], path, {1: "car"}, frame_names=["still.png"])
    annotations = COCO(str(path))
    (image,) = annotations.loadImgs(annotations.getImgIds())
    assert image["file_name"] == "still.png"
    for item in annotations.loadAnns(annotations.getAnnIds(imgIds=image["id"])):
        mask = annotations.annToMask(item).astype(bool)
        np.testing.assert_array_equal(mask, labels[0] == item["id"])
        assert item["area"] == mask.sum()
    np.testing.assert_array_equal(coco_reader.read(path).frames[:], labels[:1])


def image_list(*annotations, count=2):
    """A document with images in the order of the alphabet and polygons or masks."""
    names = sorted(f"img_{8 + t}.png" for t in range(count))
    images = [
        {"id": 40 + k, "file_name": name, "height": 10, "width": 12}
        for k, name in enumerate(names)
    ]
    by_name = {image["file_name"]: image["id"] for image in images}
    items = [
        {"id": 7 + k, "image_id": by_name[f"img_{8 + t}.png"], **item}
        for k, (t, item) in enumerate(annotations)
    ]
    categories = [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}]
    return {"images": images, "annotations": items, "categories": categories}


def square(row, col, category=3, **fields):
    corners = [col, row, col + 3, row, col + 3, row + 2, col, row + 2]
    return {"category_id": category, "segmentation": [corners], **fields}


def read_document(path, document):
    path.write_text(json.dumps(document))
    return coco_reader.read(path)


def test_polygons_of_images_are_frames_in_natural_order(tmp_path):
    document = image_list(
        (0, square(1, 1)), (2, square(2, 2)), (2, square(6, 6, 5)), count=3
    )
    read = read_document(tmp_path / "a.json", document)
    assert read.frame_names == ["img_8.png", "img_9.png", "img_10.png"]
    assert read.names == {3: "cat", 5: "dog"}
    expected = np.zeros((3, 10, 12), np.uint8)
    expected[0, 1:3, 1:4] = expected[2, 2:4, 2:5] = 3
    expected[2, 6:8, 6:9] = 5
    np.testing.assert_array_equal(read.frames[:], expected)


def test_run_lengths_of_one_image_are_objects(tmp_path):
    first, second = np.zeros((2, 10, 12), np.uint8)
    first[2:5, 3:6] = second[6:9, 8:11] = 1
    items = [
        (
            0,
            {
                "category_id": 3,
                "segmentation": compressed(encode_mask(m)["segmentation"]),
            },
        )
        for m in (first == 1, second == 1)
    ]
    read = read_document(tmp_path / "a.json", image_list(*items, count=1))
    np.testing.assert_array_equal(read.frames[0], 7 * first + 8 * second)


def test_identity_over_images_is_the_track(tmp_path):
    for make in (
        lambda track: {"track_id": track},
        lambda track: {"attributes": {"track_id": track}},
    ):
        items = [
            (t, square(4 * (track - 1), t, **make(track)))
            for t in range(2)
            for track in (1, 2)
        ]
        frames = read_document(tmp_path / "a.json", image_list(*items)).frames[:]
        assert (frames[:, 0, 2] == 1).all()
        assert (frames[:, 4, 2] == 2).all()


def test_several_objects_of_a_category_are_not_merged(tmp_path):
    items = [(0, square(0, 0)), (0, square(5, 5)), (1, square(0, 0))]
    frames = read_document(tmp_path / "a.json", image_list(*items)).frames[:]
    assert [np.unique(frame).tolist() for frame in frames] == [[0, 7, 8], [0, 9]]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([(0, {"category_id": 3, "segmentation": []})], "boxes only"),
        ([(0, square(0, 0, segmentation=[[1, 2, 3, 4]]))], "three or more"),
        ([(0, square(0, 0, image_id=9))], "id of an image"),
    ],
)
def test_images_without_masks_are_refused(tmp_path, items, message):
    with pytest.raises(ReadError, match=message):
        read_document(tmp_path / "a.json", image_list(*items))


def test_images_of_several_sizes_are_refused(tmp_path):
    document = image_list((0, square(0, 0)))
    document["images"][0]["height"] = 11
    with pytest.raises(ReadError, match="one size"):
        read_document(tmp_path / "a.json", document)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_of_json_are_recognised(tmp_path, encoding):
    path = tmp_path / "clip.json"
    export_coco(labels, path)
    path.write_text(path.read_text("utf-8"), encoding)
    np.testing.assert_array_equal(np.stack(list(import_labels(path).frames)), labels)
