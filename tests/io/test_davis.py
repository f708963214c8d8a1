import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis import read_davis, sequences
from napari_gnn_vos.io.formats.png import export_palette_pngs

truth = np.zeros((3, 18, 20), np.uint8)
truth[:, 4:9, 4:9] = 1
truth[:, 10:15, 4:9] = 2


@pytest.fixture
def root(tmp_path):
    """Dataset of three sequences with three frames, with `truth` as ground truth."""
    for name in ("bear", "bus", "train"):
        frames = tmp_path / "JPEGImages" / "480p" / name
        frames.mkdir(parents=True)
        for t in range(3):
            Image.new("RGB", (20, 18), (t, 0, 0)).save(frames / f"{t:05d}.jpg")
        export_palette_pngs(truth, tmp_path / "Annotations" / "480p" / name)
    (tmp_path / "ImageSets" / "2016").mkdir(parents=True)
    (tmp_path / "ImageSets" / "2016" / "val.txt").write_text("bus\r\nbear\n\n")
    return tmp_path


def masks_of(root, name):
    return sorted((root / "Annotations" / "480p" / name).iterdir())


def test_sequence_is_read_with_its_ground_truth(root):
    video, read = read_davis(root, "bear")
    assert video.shape == (3, 18, 20)
    assert video.name == "bear"
    assert video.identity
    np.testing.assert_array_equal(read, truth)


def test_sequences_are_read_from_a_list_or_a_file(root):
    assert sequences(root, "train, bear,train") == ["train", "bear"]
    assert sequences(root, ",".join(["bear"] * 2000)) == [
        "bear"
    ]  # too long for a file name
    assert sequences(root, "ImageSets/2016/val.txt") == ["bus", "bear"]
    assert sequences(root, root / "ImageSets" / "2016" / "val.txt") == ["bus", "bear"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(
            "bear,cow", "unknown: cow. Known sequences are bear, bus, train", id="cow"
        ),
        pytest.param(
            " , ", "no name was given. Known sequences are bear", id="no-name"
        ),
        pytest.param("test.txt", "test.txt exists neither", id="no-file"),
    ],
)
def test_unknown_sequences_are_refused(root, names, message):
    with pytest.raises(ReadError, match=message):
        sequences(root, names)


def test_folder_of_another_layout_is_refused(root, tmp_path):
    with pytest.raises(ReadError, match=r"no folder .*JPEGImages"):
        sequences(tmp_path / "elsewhere", "bear")
    with pytest.raises(ReadError, match="1080p"):
        read_davis(root, "bear", resolution="1080p")


@pytest.mark.parametrize("mode", ["L", "1", "RGB"])
def test_white_is_read_as_object_1(root, mode):
    for file in masks_of(root, "bear")[:2]:
        white = Image.fromarray((truth[0] == 1) * np.uint8(255)).convert(mode)
        white.save(file)
    export_palette_pngs(truth[:1] % 2, root / "tmp")
    (root / "tmp" / "00000.png").replace(masks_of(root, "bear")[2])
    np.testing.assert_array_equal(read_davis(root, "bear")[1], truth % 2)


def test_white_with_several_objects_is_refused(root):
    white = truth.copy()
    white[1, 0] = 255
    export_palette_pngs(white, root / "Annotations" / "480p" / "bus", overwrite=True)
    with pytest.raises(ReadError, match=r"contains \[0, 1, 2, 255\]"):
        read_davis(root, "bus")


def test_masks_without_objects_are_read(root):
    export_palette_pngs(truth * 0, root / "Annotations/480p/bus", overwrite=True)
    assert not read_davis(root, "bus")[1].any()


def test_missing_mask_is_refused(root):
    masks_of(root, "bear")[1].unlink()
    with pytest.raises(ReadError, match=r"00001\.png is missing"):
        read_davis(root, "bear")


def test_damaged_mask_is_refused(root):
    masks_of(root, "bear")[1].write_bytes(b"no picture")
    with pytest.raises(ReadError, match=r"00001\.png is missing or damaged"):
        read_davis(root, "bear")


def test_mask_of_another_size_is_refused(root):
    Image.new("L", (40, 36)).save(masks_of(root, "bear")[2])
    with pytest.raises(ReadError, match=r"\(18, 20\).*00002\.png has \(36, 40\)"):
        read_davis(root, "bear")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16"])
def test_colours_of_the_palette_and_wide_integers_are_labels(root, mode):
    for file in masks_of(root, "bear"):
        mask = Image.open(file)
        if mode.startswith("RGB"):
            mask.convert(mode).save(file)
        else:
            Image.fromarray(np.asarray(mask).astype(np.uint16)).save(file)
    np.testing.assert_array_equal(read_davis(root, "bear")[1], truth)


@pytest.mark.parametrize("colour", [(255, 0, 0), (1, 2, 3)])
def test_other_colours_are_refused(root, colour):
    for file in masks_of(root, "bear"):
        Image.new("RGB", (20, 18), colour).save(file)
    with pytest.raises(ReadError, match="DAVIS palette"):
        read_davis(root, "bear")
    for file in masks_of(root, "bear"):
        Image.fromarray(np.full((18, 20), 300, np.uint16)).save(file)
    with pytest.raises(ReadError, match="0 to 255"):
        read_davis(root, "bear")
