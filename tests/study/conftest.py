import pytest

from napari_gnn_vos.engine import start
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.training.samples import without_refinement
from tests.scenes import two_squares


@pytest.fixture(scope="session")
def labelled_video():
    """Prepare a short video of two squares with its ground truth."""
    video, truth = two_squares(5)
    return LabelledVideo(without_refinement(drain(start(video))), truth)
