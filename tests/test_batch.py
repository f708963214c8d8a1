import numpy as np
import pytest

from napari_gnn_vos.batch import prepare_videos
from napari_gnn_vos.errors import ReadError, VideoError
from napari_gnn_vos.io.storage import storage_path
from napari_gnn_vos.progress import drain
from tests.videos import same_files, write_videos


@pytest.fixture
def videos(tmp_path):
    return write_videos(tmp_path, 2)


def test_videos_are_prepared_one_after_the_other(videos, tmp_path):
    steps = []
    found = drain(prepare_videos(videos, tmp_path / "cache"), steps.append)
    assert list(found) == [str(path) for path in videos]
    assert {made.frames for made in found.values()} == {4}
    assert len(list((tmp_path / "cache").iterdir())) == 2
    assert [at.done for at in steps] == sorted(at.done for at in steps)
    assert steps[-1].stage.startswith("1.npy: ")
    assert drain(prepare_videos(videos, tmp_path / "cache")) == found


def test_in_an_object_store_they_are_the_same(videos, tmp_path):
    pytest.importorskip("upath")
    here, there = tmp_path / "cache", storage_path(f"memory://{tmp_path.as_posix()}")
    found = drain(prepare_videos(videos, there))
    assert found == drain(prepare_videos(videos, here))
    same_files(here, there)
    next(there.rglob("000001.npz")).unlink()  # as if work had been stopped
    next(there.rglob("graph.json")).unlink()
    assert drain(prepare_videos(videos, there)) == found
    same_files(here, there)


def test_what_is_wrong_is_told_after_all_others_are_prepared(videos, tmp_path):
    short = tmp_path / "short.npy"
    np.save(short, np.zeros((1, 48, 64), np.uint8))
    paths = [tmp_path / "nowhere.npy", short, *videos]
    with pytest.raises(ReadError, match=r"nowhere\.npy(?s:.*)\n.*short\.npy: "):
        drain(prepare_videos(paths, tmp_path / "cache"))
    assert len(list((tmp_path / "cache").glob("*/graph.json"))) == 2
    with pytest.raises(VideoError, match=r"short\.npy"):
        drain(prepare_videos([short], tmp_path / "cache"))
