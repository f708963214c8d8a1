import subprocess
import sys

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_gnn_vos.controller.jobs import run_at_once
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui import scripting
from napari_gnn_vos.gui.layer_data import image_data
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from tests.controller import fakes


def test_scripting_imports_no_qt():
    code = "import sys, napari_gnn_vos.gui.scripting; sys.exit('qtpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_layers_and_script_give_equal_labels(tmp_path, real_engine):
    from napari_gnn_vos.engine import annotate, predict, start

    video, truth = compose_scene(frames=3, shape=(64, 96), objects=1)
    pixels = np.argwhere(truth[1] == 1)[::7]

    data, options, _ = image_data(video)
    viewer = ViewerModel()
    work = scripting.annotator(viewer, seed=5)
    work.open(viewer.add_image(data, **options))
    work.workspace.strokes.data[1][tuple(pixels.T)] = 1
    work.predict()

    session = drain(start(video))
    scribble = Scribble(1, 1, pixels.astype(float), connected=False)
    session = annotate(session, [scribble], rng=np.random.default_rng([5, 1]))
    session = drain(predict(session, fakes.diffusion_alone))
    np.testing.assert_array_equal(viewer.layers[SEGMENTATION].data, session.labels)
    assert list(tmp_path.iterdir())


def test_unwritable_cache_folder_gives_a_warning(tmp_path):
    from napari.utils.notifications import notification_manager

    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "cache"
    before = len(notification_manager.records)
    assert scripting.writable_or_none(tmp_path) == tmp_path
    assert len(notification_manager.records) == before
    assert scripting.writable_or_none(folder) is None
    assert "stays in memory" in notification_manager.records[-1].message


def test_running_annotator_is_returned():
    from napari_gnn_vos import annotator

    viewer = ViewerModel()
    running = annotator(viewer, run_at_once)
    assert annotator(viewer) is running
    running.close()
    assert annotator(viewer) is not running


def test_console_needs_a_viewer(monkeypatch):
    from napari_gnn_vos import annotator

    monkeypatch.setattr("napari.current_viewer", lambda: None)
    with pytest.raises(GnnVosError, match="no napari window"):
        annotator()
