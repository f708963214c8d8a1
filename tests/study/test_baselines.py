import numpy as np
import pytest

from napari_gnn_vos.study.baselines import (
    BASELINES,
    WholeVideoModel,
    nearest_seed_baseline,
)
from tests.scenes import random_graph
from tests.study.graphs import chain, node_inputs_of


@pytest.mark.parametrize("name", BASELINES)
def test_probability_per_object_and_superpixel(name):
    rng = np.random.default_rng(0)
    graph = random_graph(rng).window()
    shape = 3, len(graph.node_features.values)
    probabilities = {k: rng.uniform(-1, 1, shape) for k in ("label_model", "harmonic")}
    seeds = rng.random(shape) < 0.1
    out = BASELINES[name](
        graph, node_inputs_of(shape, **probabilities, propagated_target=seeds)
    )
    assert out.shape == shape
    assert out.dtype == np.float32
    assert ((out >= 0) & (out <= 1)).all()


def test_single_input_baselines_return_their_column_as_probability():
    graph = chain(0, 0)
    inputs = node_inputs_of((1, 3), label_model=[-1, 0, 1], harmonic=[1, 0.5, -1])
    assert BASELINES["label model alone"](graph, inputs).tolist() == [[0, 0.5, 1]]
    assert BASELINES["label model + harmonic labelling"](graph, inputs).tolist() == [
        [1, 0.75, 0]
    ]


def test_nearest_seed_is_found_by_graph_distance():
    inputs = node_inputs_of(
        (1, 4), drawn_target=[1, 0, 0, 0], propagated_rest=[0, 0, 0, 1]
    )
    (out,) = nearest_seed_baseline(chain(1, 1, 5), inputs)
    assert (out > 0.5).tolist() == [True, True, True, False]
    (out,) = nearest_seed_baseline(chain(5, 1, 1), inputs)
    assert (out > 0.5).tolist() == [True, False, False, False]


def test_without_seeds_of_the_rest_all_superpixels_are_the_object():
    inputs = node_inputs_of((2, 3), drawn_target=[[1, 0, 0], [0, 0, 0]])
    with_seeds, without_seeds = nearest_seed_baseline(chain(1, 1), inputs)
    assert (with_seeds > 0.99).all()
    assert (without_seeds == 0.5).all()


def test_whole_video_model_passes_all_objects_and_the_whole_graph():
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    inputs = [rng.uniform(-1, 1, (2, n, 8)).astype(np.float32) for n in graph.counts]
    model = WholeVideoModel(
        lambda window, inputs: inputs[..., 4] * len(window.node_features.values)
    )
    out = list(model(graph, inputs.__getitem__, range(1, 4)))
    assert len(out) == 3
    for probability, node_inputs in zip(out, inputs[1:4], strict=True):
        expected = node_inputs[:, :, 4] * np.float32(graph.n)
        np.testing.assert_array_equal(probability, expected)
