import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pooch
import pytest
import requests
import tifffile

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.samples.downloads import FILM, TIME_LAPSE


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    return tmp_path / "napari-gnn-vos"


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """Replace the network by a local file; return the requested URLs and its hash."""
    frames = np.random.default_rng(0).integers(0, 255, (4, 2, 20, 24), np.uint8)
    clip = tmp_path / "clip.tif"
    tifffile.imwrite(clip, frames, imagej=True, metadata={"axes": "TCYX"})
    requested = []

    def download(url, output_file, pooch, check_only=False):
        requested.append(url)
        Path(output_file).write_bytes(clip.read_bytes())

    retrieve = partial(pooch.retrieve, downloader=download)
    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return requested, hashlib.sha256(clip.read_bytes()).hexdigest()


def test_time_lapse_is_downloaded_once_and_read(downloads, cache):
    requested, sha256 = downloads
    sample = replace(TIME_LAPSE, sha256=sha256)
    path = sample.fetch()
    assert path == sample.fetch()
    assert requested == [TIME_LAPSE.url]
    assert path == cache / "NPCsingleNucleus.tif"
    assert read_video(path).frames.shape == (4, 20, 24, 2)


def test_film_is_downloaded_once(downloads, cache):
    requested, sha256 = downloads
    sample = replace(FILM, sha256=sha256)
    assert sample.fetch() == sample.fetch()
    assert requested == [FILM.url]
    assert (cache / "cockatoo.mp4").is_file()


def test_file_with_another_hash_is_refused(downloads):
    with pytest.raises(ReadError, match=f"{TIME_LAPSE.url} .*failed: .*hash"):
        TIME_LAPSE.fetch()


def test_network_error_gives_advice(monkeypatch):
    def unreachable(*args, **kwargs):
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr(requests.Session, "request", unreachable)
    monkeypatch.setattr(requests, "get", unreachable)
    with pytest.raises(ReadError, match=r"no route to host\. Check the network"):
        TIME_LAPSE.fetch()


def test_url_and_hash_are_those_of_scikit_image():
    registry = pytest.importorskip("skimage.data._registry")
    name = "data/protein_transport.tif"
    assert registry.registry[name] == TIME_LAPSE.sha256
    assert registry.registry_urls[name] == TIME_LAPSE.url
