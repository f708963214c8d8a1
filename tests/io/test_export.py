import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.label_images import davis_palette
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.io.formats.tiff import export_tiff
from napari_gnn_vos.io.formats.tiff_labels import read_labels
from napari_gnn_vos.io.formats.video_labels import VideoLabels

labels = np.random.default_rng(0).integers(0, 4, (5, 18, 20), np.uint8)
labels[0, 0, 0] = 255


def test_pillow_opens_the_png_files_with_their_palette(tmp_path):
    folder = tmp_path / "deep" / "masks"
    assert export_palette_pngs(labels, folder) == 5
    names = sorted(file.name for file in folder.iterdir())
    assert names == [f"{t:05d}.png" for t in range(5)]
    for t, name in enumerate(names):
        with Image.open(folder / name) as image:
            assert image.mode == "P"
            assert image.getpalette() == davis_palette()
            np.testing.assert_array_equal(np.asarray(image), labels[t])


def test_palette_is_that_of_pascal_voc():
    colours = np.reshape(davis_palette(), (256, 3)).tolist()
    assert colours[:3] == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    assert colours[20] == [0, 64, 128]
    assert colours[255] == [224, 224, 192]
    assert len({tuple(colour) for colour in colours}) == 256


def test_tifffile_opens_the_tiff_as_one_stack(tmp_path):
    assert export_tiff(labels, tmp_path / "labels.tif") == 5
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "labels.tif"), labels)
    with tifffile.TiffFile(tmp_path / "labels.tif") as file:
        assert file.pages[0].compression.name == "ADOBE_DEFLATE"
    assert [file.name for file in tmp_path.iterdir()] == ["labels.tif"]


def test_tiff_keeps_object_names(tmp_path):
    names = {1: "Bär", 2: "the other\nbear"}
    export_tiff(labels, tmp_path / "labels.tif", names)
    read = read_labels(tmp_path / "labels.tif")
    np.testing.assert_array_equal(read[0], labels)
    assert read[1] == names
    export_tiff(labels, tmp_path / "plain.tif")
    assert read_labels(tmp_path / "plain.tif")[1] == {}
    tifffile.imwrite(tmp_path / "other.tif", labels, description="labels")
    assert read_labels(tmp_path / "other.tif") is None


@pytest.mark.parametrize("export", [export_palette_pngs, export_tiff])
def test_labels_may_be_a_generator_of_any_integer_type(tmp_path, export):
    generator = (frame.astype(np.int64) for frame in labels)
    assert export(generator, tmp_path / "out.tif") == 5


@pytest.mark.parametrize("export", [export_palette_pngs, export_tiff])
@pytest.mark.parametrize(
    ("frames", "message"),
    [
        pytest.param([], "there is none", id="none"),
        pytest.param([labels[0], labels[0, :9]], "frame 1 has shape", id="sizes"),
        pytest.param([labels], r"frame 0 has shape \(5, 18, 20\)", id="axes"),
        pytest.param([labels[0] / 2], "type float64", id="float"),
        pytest.param([labels[0].astype(int) * 999], "0 to 254745", id="too-many"),
        pytest.param([labels[0].astype(int) - 1], "-1 to", id="negative"),
    ],
)
def test_invalid_labels_are_refused(tmp_path, export, frames, message):
    with pytest.raises(ShapeError, match=message):
        export(frames, tmp_path / "out.tif")
    assert not list(tmp_path.glob("*.part"))


def test_masks_are_replaced_only_with_overwrite(tmp_path):
    export_palette_pngs(labels, tmp_path)
    (tmp_path / "notes.png").touch()
    with pytest.raises(ReadError, match="has 5 already"):
        export_palette_pngs(labels, tmp_path)
    assert export_palette_pngs(labels[:2], tmp_path, overwrite=True) == 2
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["00000.png", "00001.png", "notes.png"]


def test_failed_export_keeps_the_existing_file(tmp_path):
    export_tiff(labels, tmp_path / "a.tif")
    with pytest.raises(ShapeError):
        export_tiff([labels[0], labels[0, :5]], tmp_path / "a.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), labels)


def test_unwritable_paths_are_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ReadError, match="it is a file"):
        export_palette_pngs(labels, tmp_path / "file")
    with pytest.raises(ReadError, match="Cannot write"):
        export_palette_pngs(labels, tmp_path / "file" / "below")
    with pytest.raises(ReadError, match="Cannot write"):
        export_tiff(labels, tmp_path / "nowhere" / "a.tif")


def test_masks_are_named_after_the_frames(tmp_path):
    names = [f"img_{t}.jpg" for t in range(10, 15)]
    assert export_palette_pngs(labels, tmp_path / "a", frame_names=names) == 5
    written = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert written == [f"img_{t}.png" for t in range(10, 15)]
    with pytest.raises(ReadError, match="has 5 already"):
        export_palette_pngs(labels, tmp_path / "a", frame_names=names)
    twins = ["a.jpg", "a.jpeg", *names[:3]]
    assert export_palette_pngs(labels, tmp_path / "b", frame_names=twins) == 5


def test_names_of_the_greatest_length_are_written(tmp_path):
    path = tmp_path / ("x" * 251 + ".tif")
    assert export_tiff(labels, path) == 5
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_second_export_replaces_names_and_colours(tmp_path):
    first = VideoLabels(labels, {1: "bear"}, {1: (1, 2, 3)})
    export_labels(first, tmp_path)
    read = import_labels(tmp_path)
    assert (read.names, read.colours) == ({1: "bear"}, {1: (1, 2, 3)})
    with Image.open(tmp_path / "00000.png") as image:
        assert image.getpalette()[3:9] == [1, 2, 3, 0, 128, 0]
    export_labels(labels, tmp_path)
    assert import_labels(tmp_path).names == {}


@pytest.mark.parametrize("shape", [(18, 20, 3), (18, 20, 4)])
def test_colour_images_are_not_read_as_labels(tmp_path, shape):
    image = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    Image.fromarray(image).save(tmp_path / "00000.png")
    with pytest.raises(ReadError, match="greyscale or palette"):
        import_labels(tmp_path)


def test_masks_are_read_in_natural_order(tmp_path):
    for name, value in (("f10.png", 3), ("f9.png", 2), ("7.png", 1)):
        Image.fromarray(np.full((4, 5), value, np.uint8)).save(tmp_path / name)
    assert import_labels(tmp_path).frames[:, 0, 0].tolist() == [1, 2, 3]
