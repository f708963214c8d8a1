import numpy as np
import pytest

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.prepare import requirements
from napari_gnn_vos.structures.video import Video

ROW = np.zeros((1, 1, 1), np.uint8)


def needed(shape, stored=True, **settings):
    video = Video(np.broadcast_to(ROW, shape))
    settings = PrepareSettings(**settings)
    return requirements.preparation_requirements(video, settings, stored=stored)


def test_large_frames_are_described_with_their_reduced_size():
    large = needed((60, 4000, 8000))
    assert large.reduced == (707, 1414)
    assert large.nbytes < 2 * 2**30
    assert str(large).endswith("frames reduced to 1414 \u00d7 707 pixels")


def test_time_is_proportional_to_frames_and_cores(monkeypatch):
    monkeypatch.setattr(requirements, "cores", lambda: 4)
    one, two = needed((10, 500, 1000)), needed((20, 500, 1000))
    assert one.seconds == pytest.approx(10 * 0.5 * 0.55 / 4)
    assert two.seconds == pytest.approx(2 * one.seconds)
    assert needed((10, 500, 1000), quality="best").seconds > one.seconds
    assert str(needed((2000, 500, 1000))).startswith("about 2 min, ")


def test_graph_in_memory_grows_with_the_frames():
    assert needed((99, 500, 1000)).nbytes == needed((9, 500, 1000)).nbytes
    difference = needed((99, 500, 1000), False).nbytes - needed((99, 500, 1000)).nbytes
    assert difference == 99 * 500_000 * requirements.STORED_BYTES
