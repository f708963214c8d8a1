import numpy as np
import pytest
import torch

from napari_gnn_vos.model.backends.windowed_inference import WindowedInference
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0), frames=9)


def sums(hops):
    """Sum the inputs over the neighbourhood of some hops."""

    def window_probabilities(video, span, inputs):
        graph = video.window(span.start, span.stop)
        out = inputs[..., 0].copy()
        for _ in range(hops):
            messages = out[:, graph.edge_index[0]]
            targets = graph.edge_index[1]
            totals = [np.bincount(targets, row, out.shape[1]) for row in messages]
            out = out + np.array(totals, np.float32) / 8
        return out

    return window_probabilities


@pytest.mark.parametrize("length", [1, 2, 4, 100])
def test_windows_give_the_result_of_the_whole_video(graph, length):
    rng = np.random.default_rng(1)
    inputs = [rng.random((2, n, 8), np.float32) for n in graph.counts]
    everything = sums(3)(graph, range(9), np.concatenate(inputs, axis=1))
    expected = np.split(everything, graph.offsets[1:-1], axis=1)
    inference = WindowedInference(sums(3), 3, length)
    result = list(inference(graph, inputs.__getitem__, range(1, 8)))
    for rows, true in zip(result, expected[1:8], strict=True):
        np.testing.assert_allclose(rows, true, rtol=1e-6)


def test_out_of_memory_halves_windows_with_a_warning(graph, caplog):
    inputs = [np.ones((1, n, 8), np.float32) for n in graph.counts]
    sizes = []

    def window_probabilities(graph, span, inputs):
        sizes.append(len(span))
        if sizes[-1] > 4:
            raise torch.OutOfMemoryError
        return sums(1)(graph, span, inputs)

    windows = WindowedInference(window_probabilities, 1, 8)
    assert len(list(windows(graph, inputs.__getitem__, range(9)))) == 9
    assert windows.length == 2
    assert sizes[:3] == [9, 5, 3]
    assert max(sizes[2:]) == 4
    assert "windows of 2 frames" in caplog.text


def test_out_of_memory_for_a_single_frame_is_raised(graph):
    def window_probabilities(graph, span, inputs):
        raise torch.OutOfMemoryError

    windows = WindowedInference(window_probabilities, 1, 4)
    with pytest.raises(torch.OutOfMemoryError):
        list(windows(graph, lambda t: np.ones((1, graph.counts[t], 8)), range(9)))
