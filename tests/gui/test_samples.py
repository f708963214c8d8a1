import hashlib
from contextlib import contextmanager

import numpy as np
import pooch
import pytest
import tifffile
from napari.utils.progress import progress
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QPushButton

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.gui.reader import SAMPLES
from napari_gnn_vos.io.samples import downloads
from napari_gnn_vos.io.samples.downloads import Download
from tests.local_server import serving

pytestmark = pytest.mark.gui
SAMPLE = "napari-gnn-vos", "film"
FRAMES = 6, 40, 60


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve a small film instead of the sample."""

    @contextmanager
    def serve(**options):
        frames = np.random.default_rng(0).integers(0, 255, FRAMES, np.uint8)
        tifffile.imwrite(tmp_path / "film.tif", frames)
        content = (tmp_path / "film.tif").read_bytes()
        with serving(content, **options) as server:
            sha256 = hashlib.sha256(content).hexdigest()
            film = Download(f"{server.url}/film.tif", sha256)
            monkeypatch.setattr(downloads, "FILM", film)
            yield server

    return serve


def when_downloading(call):
    """Call a function in the event loop once a part of the file is downloaded."""

    def check():
        items = [*progress._all_instances]
        if items and items[0].n:
            timer.stop()
            call()

    timer = QTimer(interval=20)
    timer.timeout.connect(check)
    timer.start()
    return timer


def test_film_opens_without_a_window(served):
    with served():
        ((frames, image, kind),) = SAMPLES["sample:film"]()
    assert (frames.shape, image["name"], kind) == (FRAMES, "film", "image")


def test_window_can_be_used_during_a_download(make_napari_viewer, served):
    viewer = make_napari_viewer()

    def use():
        viewer.add_points([[1, 2]])
        server.resume.set()

    with served(slowly=True) as server:
        timer = when_downloading(use)
        (film,) = viewer.open_sample(*SAMPLE)
        timer.stop()
        assert film.data.shape == FRAMES
        assert film.source.sample == SAMPLE
        assert viewer.layers[0].source.sample is None
        assert not progress._all_instances
        (again,) = viewer.open_sample(*SAMPLE)
        assert len(server.requested) == 1  # it is read from the cache
        assert again.data.shape == film.data.shape


def test_download_can_be_cancelled(make_napari_viewer, served):
    viewer = make_napari_viewer(show=True)
    window = viewer.window._qt_window

    def cancel():
        (button,) = [
            button
            for button in window._activity_dialog.findChildren(QPushButton)
            if button.text() == "Cancel"
        ]
        button.click()

    with served(slowly=True) as server:
        timer = when_downloading(cancel)
        with pytest.raises(ReadError, match=r"film\.tif was cancelled"):
            viewer.open_sample(*SAMPLE)
        timer.stop()
        server.resume.set()
    assert not viewer.layers
    assert not progress._all_instances


def test_error_of_the_server_is_raised(make_napari_viewer, served):
    viewer = make_napari_viewer()
    with served(status=404), pytest.raises(ReadError, match="404"):
        viewer.open_sample(*SAMPLE)
    assert not progress._all_instances


def test_closing_the_window_ends_the_download(qapp, make_napari_viewer, served):
    viewer = make_napari_viewer()
    with served(slowly=True):
        timer = when_downloading(qapp.lastWindowClosed.emit)
        with pytest.raises(ReadError, match="cancelled"):
            viewer.open_sample(*SAMPLE)
        timer.stop()
