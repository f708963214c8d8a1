import hashlib
from contextlib import closing

import numpy as np
import pooch
import pytest
import tifffile

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.samples.downloads import FILM, TIME_LAPSE, Download
from napari_gnn_vos.progress import drain
from tests.local_server import serving


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    return tmp_path / "napari-gnn-vos"


@pytest.fixture
def clip(tmp_path):
    """The content of a TIFF, larger than a chunk of a download."""
    frames = np.random.default_rng(0).integers(0, 255, (4, 2, 80, 90), np.uint8)
    path = tmp_path / "clip.tif"
    tifffile.imwrite(path, frames, imagej=True, metadata={"axes": "TCYX"})
    return path.read_bytes()


def sample_of(server):
    sha256 = hashlib.sha256(server.content).hexdigest()
    return Download(f"{server.url}/videos/clip.tif", sha256)


def test_sample_is_downloaded_once_and_read(clip, cache):
    with serving(clip) as server:
        sample = sample_of(server)
        assert not sample.is_cached
        path = sample.fetch()
        assert path == sample.fetch() == cache / "clip.tif"
        assert sample.is_cached
        assert server.requested == ["/videos/clip.tif"]
    assert read_video(path).frames.shape == (4, 80, 90, 2)


def test_progress_is_in_bytes(clip):
    with serving(clip, slowly=True) as server:
        steps = []

        def follow(step):
            steps.append((step.done, step.total))
            if step.done:
                server.resume.set()

        drain(sample_of(server).fetch_in_steps(), follow)
    done, total = steps[-1]
    assert 0 < done <= total == len(clip)
    assert [*steps] == sorted(steps)


def test_cancelled_download_leaves_no_file(clip, cache):
    with serving(clip, slowly=True) as server:
        sample = sample_of(server)
        with closing(sample.fetch_in_steps()) as pipeline:
            while not next(pipeline).done:
                pass
        server.resume.set()
        assert not sample.is_cached
    assert not [path for path in cache.glob("*") if path.name == "clip.tif"]


def test_damaged_file_is_downloaded_again(clip, cache):
    cache.mkdir()
    (cache / "clip.tif").write_bytes(b"cut off")
    with serving(clip) as server:
        assert not sample_of(server).is_cached
        assert sample_of(server).fetch().read_bytes() == clip


def test_file_with_another_hash_is_refused(clip):
    with serving(clip) as server:
        sample = Download(f"{server.url}/clip.tif", FILM.sha256)
        with pytest.raises(ReadError, match=r"clip\.tif .*failed: .*hash"):
            sample.fetch()


@pytest.mark.parametrize("status", [404, 503])
def test_error_of_the_server_gives_advice(clip, status):
    with (
        serving(clip, status) as server,
        pytest.raises(ReadError, match=f"{status}.*Check the network"),
    ):
        sample_of(server).fetch()


def test_unreachable_server_gives_advice(clip):
    with serving(clip) as server:
        sample = sample_of(server)
    with pytest.raises(ReadError, match=r"Check the network and try again"):
        sample.fetch()


def test_url_and_hash_are_those_of_scikit_image():
    registry = pytest.importorskip("skimage.data._registry")
    name = "data/protein_transport.tif"
    assert registry.registry[name] == TIME_LAPSE.sha256
    assert registry.registry_urls[name] == TIME_LAPSE.url


def test_names_are_those_of_the_files():
    assert (TIME_LAPSE.name, FILM.name) == ("NPCsingleNucleus.tif", "cockatoo.mp4")
