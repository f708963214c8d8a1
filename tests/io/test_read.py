import os

import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import GnnVosError, ReadError, VideoError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.read import SUFFIXES, file_identity, read_video
from napari_gnn_vos.io.strokes_file import read_strokes
from napari_gnn_vos.model.checkpoint import load_checkpoint


def write_frames(folder, frames, suffix=".png"):
    folder.mkdir(exist_ok=True)
    for t, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{t}{suffix}")
    return folder


def frames_of(count, shape=(20, 24)):
    return np.random.default_rng(0).integers(0, 255, (count, *shape), np.uint8)


def test_folder_is_read_as_a_video(tmp_path):
    frames = frames_of(3, (20, 24, 3))
    video = read_video(str(write_frames(tmp_path / "my.clip", frames)))
    assert video.shape == (3, 20, 24)
    assert video.name == "my.clip"
    for t in range(3):
        np.testing.assert_array_equal(video.rgb(t), frames[t])


def test_npy_file_is_memory_mapped(tmp_path):
    np.save(tmp_path / "a.npy", frames_of(4))
    video = read_video(tmp_path / "a.npy")
    assert isinstance(video.frames, np.memmap)
    np.testing.assert_array_equal(video.raw(3), frames_of(4)[3])


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r"there is no .*nothing\.mp4"):
        read_video(tmp_path / "nothing.mp4")


def test_unknown_suffix_is_refused(tmp_path):
    (tmp_path / "notes.docx").write_text("frames?")
    with pytest.raises(ReadError, match=r"one of .*\.mp4.*'\.docx'"):
        read_video(tmp_path / "notes.docx")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"this is no video"], ids=["empty", "text"])
def test_damaged_file_is_refused(tmp_path, suffix, content):
    file = tmp_path / f"odd{suffix}"
    file.write_bytes(content)
    with pytest.raises(ReadError, match=r"Expected .*odd\."):
        read_video(file)


def test_error_for_an_empty_array_names_the_path(tmp_path):
    np.save(tmp_path / "empty.npy", np.zeros((0, 20, 24), np.uint8))
    with pytest.raises(VideoError, match=r"empty\.npy: .*one frame or more"):
        read_video(tmp_path / "empty.npy")


def test_identity_depends_on_path_size_and_modification_time(tmp_path):
    folder = write_frames(tmp_path / "clip", frames_of(3))
    first = read_video(folder)
    assert read_video(folder).fingerprint() == first.fingerprint()
    os.utime(folder / "1.png", ns=(1, 1))
    assert read_video(folder).identity != first.identity
    assert file_identity([folder / "0.png"]) != file_identity([folder / "1.png"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
@pytest.mark.parametrize("name", ["a.mp4", "a.tif", "a.npy", "a.gif", "folder/1.png"])
def test_pipe_is_refused_without_reading_it(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(ReadError, match="is a pipe, a socket or a device"):
        read_video(path if path.parent == tmp_path else path.parent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_in_place_of_another_file_is_refused(tmp_path):
    path = tmp_path / "pipe.gnnvos"
    os.mkfifo(path)
    for read in (read_strokes, import_labels, Config.read, load_checkpoint):
        with pytest.raises(GnnVosError, match="is a pipe, a socket or a device"):
            read(path)
    with pytest.raises(GnnVosError):
        Project.open(path)


@pytest.mark.parametrize("name", ["x" * 5000 + ".mp4", "a\0b.mp4"])
def test_impossible_name_is_an_expected_error(tmp_path, name):
    with pytest.raises(ReadError):
        read_video(tmp_path / name)


def test_loop_of_links_is_an_expected_error(tmp_path):
    path = tmp_path / "loop.mp4"
    path.symlink_to(path)
    with pytest.raises(ReadError):
        read_video(path)


def test_folder_without_permission_is_an_expected_error(tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    with pytest.raises(ReadError, match="Check the permissions"):
        read_video(tmp_path)


@pytest.mark.parametrize("path", [None, 3, "~no-such-user/a.mp4"])
def test_other_types_and_unknown_users_are_refused(path):
    with pytest.raises(ReadError, match="Expected the path of a video"):
        read_video(path)
