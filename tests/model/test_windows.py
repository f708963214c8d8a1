import numpy as np
import pytest
import torch

from napari_gnn_vos.model.windows import Windows
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0), frames=9)


def sums(reach):
    """A network that adds up its inputs over `reach` hops."""

    def whole(video, span, inputs):
        graph = video.window(span.start, span.stop)
        out = inputs[..., 0].copy()
        for _ in range(reach):
            told = out[:, graph.edge_index[0]]
            more = [np.bincount(graph.edge_index[1], row, out.shape[1]) for row in told]
            out = out + np.array(more, np.float32) / 8
        return out

    return whole


@pytest.mark.parametrize("length", [1, 2, 4, 100])
def test_windows_give_the_answer_of_the_whole(graph, length):
    rng = np.random.default_rng(1)
    inputs = [rng.random((2, n, 8), np.float32) for n in graph.counts]
    everything = sums(3)(graph, range(9), np.concatenate(inputs, axis=1))
    wanted = np.split(everything, graph.offsets[1:-1], axis=1)
    found = list(Windows(sums(3), 3, length)(graph, inputs.__getitem__, range(1, 8)))
    for rows, true in zip(found, wanted[1:8], strict=True):
        np.testing.assert_allclose(rows, true, rtol=1e-6)


def test_out_of_memory_makes_windows_smaller_and_is_told(graph, caplog):
    inputs = [np.ones((1, n, 8), np.float32) for n in graph.counts]
    sizes = []

    def whole(graph, span, told):
        sizes.append(len(span))
        if sizes[-1] > 4:
            raise torch.OutOfMemoryError
        return sums(1)(graph, span, told)

    windows = Windows(whole, 1, 8)
    found = list(windows(graph, inputs.__getitem__, range(9)))
    assert len(found) == 9
    assert windows.length == 2
    assert sizes[:3] == [9, 5, 3]
    assert max(sizes[2:]) == 4
    assert "windows of 2 frames" in caplog.text


def test_out_of_memory_for_a_single_frame_is_raised(graph):
    def whole(graph, span, told):
        raise torch.OutOfMemoryError

    windows = Windows(whole, 1, 4)
    with pytest.raises(torch.OutOfMemoryError):
        list(windows(graph, lambda t: np.ones((1, graph.counts[t], 8)), range(9)))
