import os
import sys

import pytest

from napari_gnn_vos.errors import GnnVosError, ReadError, SettingsError
from napari_gnn_vos.io.output_path import check_label_output


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "name", ["a.tif", "a.TIFF", "a.ome.tif", "a.Json", "masks", "run.3", "new/a.tif"]
)
def test_new_output_is_accepted_and_not_created(tmp_path, name):
    check_label_output(tmp_path / name)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["a.npy", "a.png", "a.avi", "a.els"])
def test_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match=f"suffix '.{name[2:]}'"):
        check_label_output(tmp_path / name)
    (tmp_path / name).mkdir()
    check_label_output(tmp_path / name)


def test_existing_output_needs_overwrite(tmp_path):
    (tmp_path / "a.tif").touch()
    (tmp_path / "00000.png").touch()
    for path in (tmp_path / "a.tif", tmp_path):
        with pytest.raises(ReadError, match=r"already.*--overwrite"):
            check_label_output(path)
        check_label_output(path, overwrite=True)
    check_label_output(tmp_path, frame_names=["frame_1.jpg"])


def test_inputs_are_never_replaced(tmp_path):
    (tmp_path / "strokes.json").touch()
    for path in (tmp_path, tmp_path / "strokes.json"):
        with pytest.raises(ReadError, match="input of this command"):
            check_label_output(path, [path], overwrite=True)


@pytest.mark.parametrize(
    "name", ["file", "file/a.tif", "file/masks", "folder.tif", "x" * 300 + ".tif"]
)
def test_unwritable_paths_are_refused(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(GnnVosError, match="Cannot write"):
        check_label_output(tmp_path / name)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write")
def test_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ReadError, match="permissions"):
        check_label_output(tmp_path / "a.tif")


def test_images_are_not_written_among_the_frames(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for name in ("labels.tif", "labels.ome.tif"):
        with pytest.raises(ReadError, match="become a frame"):
            check_label_output(frames / name, [frames], overwrite=True)
    for path in (frames / "labels.json", frames / "masks", tmp_path / "labels.tif"):
        check_label_output(path, [frames])


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_to_nothing_and_pipes_are_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("loop", "dangling", "dangling/a.tif", "loop/masks", "pipe.json"):
        with pytest.raises(ReadError, match="Cannot write"):
            check_label_output(tmp_path / name, overwrite=True)


def test_labels_above_the_largest_of_the_format_are_refused(tmp_path):
    for name in ("png", "youtube-vos"):
        with pytest.raises(SettingsError, match=r"up to 255.*label 300"):
            check_label_output(tmp_path / "a", format_name=name, largest_label=300)
        check_label_output(tmp_path / "a", format_name=name, largest_label=255)
    check_label_output(tmp_path / "a.tif", largest_label=300)


@pytest.mark.parametrize(
    ("name", "package"), [("a.parquet", "pyarrow"), ("a.ome.zarr", "zarr")]
)
def test_missing_package_is_reported_before_the_work(
    tmp_path, monkeypatch, name, package
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match=f"pip install {package}"):
        check_label_output(tmp_path / name)
    check_label_output(tmp_path / "a.csv")
