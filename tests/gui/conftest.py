import numpy as np
import pytest
from napari.components import ViewerModel

from napari_gnn_vos.controller.layer_metadata import STROKES
from napari_gnn_vos.gui import plugin, scripting
from napari_gnn_vos.gui.layer_data import image_data
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from tests.controller import fakes


@pytest.fixture(autouse=True)
def data_folder(monkeypatch, tmp_path):
    """A folder of autosaves instead of the user's."""
    folder = tmp_path / "user-data"
    monkeypatch.setattr(plugin, "user_data_path", lambda _: folder)
    return folder


@pytest.fixture
def toy_engine(monkeypatch):
    """The dock widget, but with an engine of a few lines."""
    monkeypatch.setattr(scripting, "prepare", fakes.prepare)
    monkeypatch.setattr(scripting, "predict_round", fakes.predict_round)
    monkeypatch.setattr(scripting, "restore_round", fakes.restore_round)


@pytest.fixture
def real_engine(monkeypatch, tmp_path):
    """The engine with a cache of its own, and a network that needs no training."""
    monkeypatch.setattr(scripting, "user_cache_path", lambda _: tmp_path)
    monkeypatch.setattr(
        "napari_gnn_vos.model.loading.shared_model", lambda *_: fakes.diffusion_alone
    )


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def dock(qtbot, viewer, toy_engine):
    """The dock widget on a viewer without a window, with a video chosen."""
    viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    _ = widget.content  # it is loaded in a thread
    qtbot.waitUntil(lambda: widget.annotator.workspace is not None)
    return widget


@pytest.fixture
def window(make_napari_viewer, qtbot, real_engine):
    """A window with the widget and a tiny scene; its viewer, widget and truth."""
    viewer = make_napari_viewer(show=True)
    video, truth = compose_scene(frames=4, shape=(64, 96), objects=1)
    data, options, _ = image_data(video)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    viewer.add_image(data, **options)
    viewer.dims.set_current_step(0, 0)
    qtbot.waitUntil(lambda: STROKES in viewer.layers, timeout=60_000)
    qtbot.wait(200)
    return viewer, dock, truth
