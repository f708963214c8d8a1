import numpy as np
import pytest

from napari_gnn_vos.controller.layer_metadata import (
    features_of,
    names_in,
    saved_axes,
    video_labels,
)
from napari_gnn_vos.errors import ShapeError


def test_labels_of_a_volume_over_time_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(5, 4, 20, 30\)"):
        saved_axes(np.zeros((5, 4, 20, 30), np.uint8), {})
    assert saved_axes(np.zeros((5, 20, 30), order="F"), {}).time == 0


def test_names_are_read_from_rows_with_an_integer_index():
    assert names_in(features_of({1: "cell", 3: "bud"})) == {1: "cell", 3: "bud"}
    features = {"index": [1, 2.5, "3", 4.0], "name": ["a", "b", "c", "d"]}
    assert names_in(features) == {1: "a", 4: "d"}
    assert names_in({"label": [1]}) == {}


def test_labels_without_attributes_have_no_names_colours_and_placement():
    data = np.ones((2, 20, 30), np.uint8)
    labels = video_labels(data, {})
    assert labels.frames is data
    assert (labels.names, labels.colours, labels.placement) == ({}, {}, None)
