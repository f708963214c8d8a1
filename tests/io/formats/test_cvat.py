import re
from xml.etree import ElementTree

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats import cvat, cvat_reader
from tests.io.formats.scenes import moving_squares, video_labels

labels = moving_squares()


def parse(path):
    return ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - own file


def decoded(element, shape):
    """Decode run lengths by a plain loop, as CVAT's documentation describes them."""
    top, left, height, width = (
        int(element.get(name)) for name in ("top", "left", "height", "width")
    )
    pixels, value = [], False
    for count in element.get("rle").split(", "):
        pixels += [value] * int(count)
        value = not value
    mask = np.zeros(shape, bool)
    box = np.reshape(pixels, (height, width))
    mask[top : top + height, left : left + width] = box
    assert box.any(axis=0).all()
    assert box.any(axis=1).all()
    return mask


def test_images_have_a_mask_for_each_visible_object(tmp_path):
    cvat.write_images(video_labels(video_name="a & b"), tmp_path / "a.xml")
    root = parse(tmp_path / "a.xml")
    assert (root.tag, root.findtext("version")) == ("annotations", "1.1")
    assert root.findtext("meta/task/mode") == "annotation"
    assert root.findtext("meta/task/name") == "a & b"
    names = [item.text for item in root.iterfind("meta/task/labels/label/name")]
    assert names == ["Bär <1>", "cup & saucer"]
    images = root.findall("image")
    assert [image.get("name") for image in images] == [f"{t:05d}.jpg" for t in range(6)]
    for t, image in enumerate(images):
        assert (image.get("width"), image.get("height")) == ("30", "24")
        visible = np.unique(labels[t][labels[t] > 0]).tolist()
        assert [int(mask.get("group_id")) for mask in image] == visible
        for mask, label in zip(image, visible, strict=True):
            np.testing.assert_array_equal(decoded(mask, (24, 30)), labels[t] == label)


def test_tracks_have_a_mask_for_each_frame_and_end_outside(tmp_path):
    cvat.write_video(video_labels(), tmp_path / "a.xml")
    root = parse(tmp_path / "a.xml")
    assert root.findtext("meta/task/size") == "6"
    tracks = root.findall("track")
    assert [track.get("id") for track in tracks] == ["1", "2", "7"]
    states = [(mask.get("frame"), mask.get("outside")) for mask in tracks[1]]
    assert states == [("1", "0"), ("2", "1"), ("4", "0"), ("5", "1")]
    for track in tracks:
        for mask in track.iterfind("mask[@outside='0']"):
            t, label = int(mask.get("frame")), int(track.get("id"))
            np.testing.assert_array_equal(decoded(mask, (24, 30)), labels[t] == label)


FILE = """<annotations><meta><task><name>clip</name><size>3</size>
<original_size><width>8</width><height>6</height></original_size><labels><label>
<name>cat</name><color>#ff0001</color></label></labels></task></meta>
{}</annotations>"""
TRACK = '<track id="0" label="cat">{}</track>'
POLYGON = '<polygon frame="1" outside="0" points="1,1;4,1;4,3;1,3"></polygon>'
MASK = '<mask frame="1" rle="{}" left="{}" top="0" width="2" height="2"></mask>'


def test_tracks_of_polygons_are_read(tmp_path):
    hidden = POLYGON.replace('frame="1" outside="0"', 'frame="2" outside="1"')
    (tmp_path / "a.xml").write_text(FILE.format(TRACK.format(POLYGON + hidden)))
    read = cvat_reader.read(tmp_path / "a.xml")
    assert (read.names, read.colours) == ({1: "cat"}, {1: (255, 0, 1)})
    frames = read.frames[:]
    assert frames.shape == (3, 6, 8)
    assert frames[[0, 2]].max() == 0
    assert frames[1, 1:3, 1:4].min() == 1
    assert frames[1].sum() == 6


def test_masks_without_group_are_identified_by_class(tmp_path):
    images = "".join(
        f'<image id="{t}" name="{t}.png" width="8" height="6">'
        f'<mask label="{name}" rle="0,4" left="{t}" top="0" width="2" height="2"/>'
        "</image>"
        for t, name in enumerate(["cat", "dog", "cat"])
    )
    (tmp_path / "a.xml").write_text(FILE.format(images))
    read = cvat_reader.read(tmp_path / "a.xml")
    assert [frame.max() for frame in read.frames] == [1, 2, 1]
    assert read.names == {1: "cat", 2: "dog"}
    assert read.frame_names == ["0.png", "1.png", "2.png"]


def test_group_of_several_tracks_does_not_identify_them(tmp_path):
    first = TRACK.replace('id="0"', 'id="0" group_id="9"').format(POLYGON)
    mask = MASK.format("0,4", 6)
    second = TRACK.replace('id="0"', 'id="1" group_id="9"').format(mask)
    (tmp_path / "a.xml").write_text(FILE.format(first + second))
    frame = cvat_reader.read(tmp_path / "a.xml").frames[1]
    assert (frame[2, 2], frame[0, 6]) == (1, 2)
    second = second.replace('group_id="9"', 'group_id="5"')
    (tmp_path / "a.xml").write_text(FILE.format(first + second))
    frame = cvat_reader.read(tmp_path / "a.xml").frames[1]
    assert (frame[2, 2], frame[0, 6]) == (9, 5)


def image_of(*shapes):
    image = '<image id="0" name="0.png" width="8" height="6">{}</image>'
    return FILE.format(image.format("".join(shapes)))


def test_classes_and_groups_have_different_labels(tmp_path):
    shape = '<mask label="{}" rle="0,4" left="{}" top="0" width="2" height="2"{}/>'
    content = image_of(
        shape.format("cat", 0, ""), shape.format("dog", 2, ' group_id="1"')
    )
    (tmp_path / "a.xml").write_text(content)
    read = cvat_reader.read(tmp_path / "a.xml")
    assert read.names == {1: "dog", 2: "cat"}
    assert read.frames[0][0, :4].tolist() == [2, 2, 1, 1]


def test_shapes_of_a_higher_order_cover_others(tmp_path):
    shape = '<mask label="{}" z_order="{}" rle="0,4" left="0" top="0" {}/>'
    size = 'width="2" height="2"'
    content = image_of(shape.format("cat", 2, size), shape.format("dog", -1, size))
    (tmp_path / "a.xml").write_text(content)
    read = cvat_reader.read(tmp_path / "a.xml")
    assert read.names[int(read.frames[0].max())] == "cat"


def test_boxes_and_ellipses_are_filled(tmp_path, caplog):
    box = (
        '<box frame="{}" outside="{}" keyframe="1" xtl="{}" ytl="1" xbr="{}" ybr="3"/>'
    )
    track = TRACK.format(box.format(0, 0, 1, 3) + box.format(2, 1, 5, 7))
    (tmp_path / "a.xml").write_text(FILE.format(track))
    frames = cvat_reader.read(tmp_path / "a.xml").frames[:]
    expected = np.zeros((3, 6, 8), np.uint8)
    expected[0, 1:3, 1:3] = expected[1, 1:3, 3:5] = 1
    np.testing.assert_array_equal(frames, expected)
    assert "2 boxes and ellipses are filled" in caplog.text
    ellipse = '<ellipse label="cat" cx="4" cy="3" rx="3" ry="1" rotation="90"/>'
    (tmp_path / "a.xml").write_text(image_of(ellipse))
    frame = cvat_reader.read(tmp_path / "a.xml").frames[0]
    assert frame.any(axis=1).tolist() == [True] * 6
    assert frame.any(axis=0).tolist() == [False] * 3 + [True] * 2 + [False] * 3


def test_masks_cover_boxes_of_the_same_order(tmp_path):
    mask = '<mask label="cat" rle="0,4" left="1" top="1" width="2" height="2"/>'
    box = '<box label="dog" xtl="0" ytl="0" xbr="4" ybr="4" rotation="180"{}/>'
    (tmp_path / "a.xml").write_text(image_of(mask, box.format("")))
    read = cvat_reader.read(tmp_path / "a.xml")
    assert np.bincount(read.frames[0].ravel()).tolist() == [32, 4, 12]
    (tmp_path / "a.xml").write_text(image_of(mask, box.format(' z_order="1"')))
    read = cvat_reader.read(tmp_path / "a.xml")
    assert np.bincount(read.frames[0].ravel()).tolist() == [32, 0, 16]


def test_files_that_cannot_be_label_images_are_refused(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(image_of('<points label="cat" points="1,1;3,3"/>'))
    with pytest.raises(ReadError, match="other shapes"):
        cvat_reader.read(path)
    other = '<image id="1" name="1.png" width="9" height="6"></image>'
    path.write_text(image_of().replace("</annotations>", other + "</annotations>"))
    with pytest.raises(ReadError, match="image 1 has another size"):
        cvat_reader.read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!DOCTYPE a>" + FILE, "document type"),
        (FILE.replace("<size>3", "<size>0"), "0 frames"),
        (FILE.replace("<size>3", "<size>many"), "invalid literal"),
        (FILE.replace("<width>8", "<width>70000"), "too large"),
        (FILE[:60], "unclosed token"),
        (FILE.format(TRACK.format(MASK.replace(' frame="1"', ""))), "'frame'"),
        (
            FILE.format(TRACK.replace('"0"', '"-7"').format(MASK.format("0,4", 0))),
            "out of range",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path, content, message):
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(ReadError, match=message):
        cvat_reader.read(tmp_path / "a.xml")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK.format("1,2", 0), "4 pixels"),
        (MASK.format("0,4", 7), "outside the frame"),
        (MASK.format("0,x", 0), "invalid literal"),
        (re.sub("points=.*?>", 'points="1">', POLYGON), "pairs"),
        (re.sub("points=.*?>", ">", POLYGON), "'points'"),
    ],
)
def test_damaged_shapes_are_refused(tmp_path, mask, message):
    (tmp_path / "a.xml").write_text(FILE.format(TRACK.format(mask)))
    with pytest.raises(ReadError, match=message):
        cvat_reader.read(tmp_path / "a.xml")


def test_polygon_has_the_area_of_coco(tmp_path):
    points = [1.0, 1.5, 6.2, 0.3, 7.0, 4.4, 3.0, 5.0]
    text = ";".join(f"{x},{y}" for x, y in zip(points[::2], points[1::2], strict=True))
    shape = f'<polygon frame="1" outside="0" points="{text}"/>'
    (tmp_path / "a.xml").write_text(FILE.format(TRACK.format(shape)))
    (area,) = coco_mask.area(coco_mask.frPyObjects([points], 6, 8))
    assert abs(int(cvat_reader.read(tmp_path / "a.xml").frames[1].sum()) - area) <= 2


@pytest.mark.parametrize(
    ("range_of_task", "frames"),
    [
        ("<start_frame>100</start_frame><stop_frame>102</stop_frame>", (100, 101, 102)),
        ("<stop_frame>10</stop_frame><frame_filter>step=5</frame_filter>", (0, 5, 10)),
        ("", (3, 4, 7)),
    ],
)
def test_tracks_of_a_part_of_a_video_keep_their_frames(tmp_path, range_of_task, frames):
    shapes = "".join(POLYGON.replace('frame="1"', f'frame="{t}"') for t in frames)
    text = FILE.replace("</size>", "</size>" + range_of_task)
    (tmp_path / "a.xml").write_text(text.format(TRACK.format(shapes)))
    labels = cvat_reader.read(tmp_path / "a.xml").frames[:]
    assert len(labels) == frames[-1] + 1
    assert tuple(np.flatnonzero(labels.any(axis=(1, 2)))) == frames


def keyframe(t, points, outside=0):
    state = f'frame="{t}" keyframe="1" outside="{outside}"'
    return f'<polygon {state} points="{points}"></polygon>'


def columns_of(path, *shapes, task=""):
    """First and last column of the object on each frame, None where it is hidden."""
    text = FILE.replace("<size>3</size>", f"<size>9</size>{task}")
    path.write_text(text.format(TRACK.format("".join(shapes))))
    frames = cvat_reader.read(path).frames[:]
    found = [np.flatnonzero(frame.any(axis=0)) for frame in frames]
    return [(int(c[0]), int(c[-1])) if len(c) else None for c in found]


LEFT, RIGHT = "0,0;2,0;2,4;0,4", "4,0;6,0;6,4;4,4"


def test_polygons_are_interpolated_between_keyframes(tmp_path):
    shapes = keyframe(1, LEFT), keyframe(5, RIGHT), keyframe(8, RIGHT, outside=1)
    between = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    expected = [None, *between, (4, 5), (4, 5), None]
    assert columns_of(tmp_path / "a.xml", *shapes) == expected
    assert columns_of(tmp_path / "a.xml", *shapes[:2])[6:] == [(4, 5)] * 3
    task = "<stop_frame>8</stop_frame><frame_filter>step=2</frame_filter>"
    every_second = columns_of(tmp_path / "a.xml", keyframe(0, LEFT), task=task)
    assert every_second == [(0, 1), None] * 4 + [(0, 1)]


def test_polygons_with_other_numbers_of_corners_are_interpolated(tmp_path):
    corners = "4,0;5,0;6,0;6,2;6,4;4,4"
    shapes = keyframe(0, LEFT), keyframe(4, corners)
    found = columns_of(tmp_path / "a.xml", *shapes)
    assert (found[0], found[2], found[4]) == ((0, 1), (2, 3), (4, 5))


def test_masks_stay_until_the_next_keyframe(tmp_path):
    mask = MASK.format("0,4", 3).replace("<mask", '<mask keyframe="1"')
    hidden = mask.replace(' frame="1"', ' frame="4" outside="1"')
    found = columns_of(tmp_path / "a.xml", mask, hidden)
    assert found == [None, *[(3, 4)] * 3, *[None] * 5]


def test_images_are_in_natural_order(tmp_path):
    numbers = sorted(range(12), key=str)  # as CVAT sorts them
    images = "".join(
        f'<image id="{k}" name="clip/img_{t}.png" width="16" height="6">'
        f'<mask label="cat" rle="0,4" left="{t}" top="0" width="2" height="2"/></image>'
        for k, t in enumerate(numbers)
    )
    (tmp_path / "a.xml").write_text(FILE.format(images))
    read = cvat_reader.read(tmp_path / "a.xml")
    assert read.frame_names == [f"img_{t}.png" for t in range(12)]
    for t, frame in enumerate(read.frames):
        assert np.flatnonzero(frame.any(axis=0)).tolist() == [t, t + 1]


def test_group_zero_is_no_group(tmp_path):
    masks = "".join(
        f'<mask label="{name}" group_id="0" rle="0,4" left="{left}" top="0" width="2" '
        'height="2"/>'
        for left, name in ((0, "cat"), (4, "dog"))
    )
    image = f'<image id="0" name="a.png" width="8" height="6">{masks}</image>'
    (tmp_path / "a.xml").write_text(FILE.replace(">3<", ">1<").format(image))
    assert cvat_reader.read(tmp_path / "a.xml").names == {1: "cat", 2: "dog"}
