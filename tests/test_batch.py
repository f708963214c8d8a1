import numpy as np
import pytest

from napari_gnn_vos.batch import prepare_videos
from napari_gnn_vos.errors import ReadError, VideoError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.storage import storage_path
from tests.videos import same_files, write_videos


@pytest.fixture
def videos(tmp_path):
    return write_videos(tmp_path, 2)


def test_videos_are_prepared_in_sequence(videos, tmp_path):
    steps = []
    sizes = drain(prepare_videos(videos, tmp_path / "cache"), steps.append)
    assert list(sizes) == [str(path) for path in videos]
    assert {size.frames for size in sizes.values()} == {4}
    assert len(list((tmp_path / "cache").iterdir())) == 2
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].stage.startswith("1.npy: ")
    assert drain(prepare_videos(videos, tmp_path / "cache")) == sizes


def test_object_store_gets_the_same_files(videos, tmp_path):
    pytest.importorskip("upath")
    local, remote = tmp_path / "cache", storage_path(f"memory://{tmp_path.as_posix()}")
    sizes = drain(prepare_videos(videos, remote))
    assert sizes == drain(prepare_videos(videos, local))
    same_files(local, remote)
    next(remote.rglob("000001.npz")).unlink()  # as after an interrupted run
    next(remote.rglob("graph.json")).unlink()
    assert drain(prepare_videos(videos, remote)) == sizes
    same_files(local, remote)


def test_errors_are_raised_after_all_videos_were_processed(videos, tmp_path):
    short = tmp_path / "short.npy"
    np.save(short, np.zeros((0, 48, 64), np.uint8))
    paths = [tmp_path / "nowhere.npy", short, *videos]
    with pytest.raises(ReadError, match=r"nowhere\.npy(?s:.*)\n.*short\.npy: "):
        drain(prepare_videos(paths, tmp_path / "cache"))
    assert len(list((tmp_path / "cache").glob("*/graph.json"))) == 2
    with pytest.raises(VideoError, match=r"short\.npy"):
        drain(prepare_videos([short], tmp_path / "cache"))
