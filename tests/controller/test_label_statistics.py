import numpy as np
import pytest

from napari_gnn_vos.controller.label_statistics import (
    LabelStatistics,
    label_statistics,
)
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.label_frames import LabelFrames


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_statistics_of_each_frame(dtype):
    before = np.zeros((3, 4, 5), dtype)
    before[:, 0, :4] = 1
    after = before.copy()
    after[1, 0, 0], after[1, 1, 0] = 0, 2  # 2 of 5 object pixels
    after[2] = 0
    labels, previous = LabelFrames.of(after), LabelFrames.of(before)
    statistics = drain(label_statistics(labels, previous))
    assert statistics == LabelStatistics(((1,), (1, 2), ()), (0.0, 0.4, 1.0))
    assert statistics.frames_with(1) == (0, 1)
    assert drain(label_statistics(labels)).changed == ()
    blank = LabelFrames.blank((3, 4, 5))
    assert drain(label_statistics(blank, blank)).changed == (0.0, 0.0, 0.0)
