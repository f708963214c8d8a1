from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from napari_gnn_vos.controller.graph_archive import GraphArchive, changed_size
from tests.scenes import random_graph


@pytest.fixture
def folder():
    return TemporaryDirectory()


@pytest.fixture
def prepared():
    return random_graph(np.random.default_rng(0))


def with_changed_frame(graph, t):
    """Change the features of a frame, and of the pairs before and after it."""
    frame = graph.frames[t]
    frames = {t: replace(frame, node_features=frame.node_features + 1)}
    pairs = {
        p: replace(graph.pairs[p], edge_features=graph.pairs[p].edge_features + 1)
        for p in (t - 1, t)
    }
    return graph.with_frames(frames, pairs)


def assert_equal(graph, expected):
    np.testing.assert_array_equal(graph.counts, expected.counts)
    for a, b in zip(graph.frames, expected.frames, strict=True):
        np.testing.assert_array_equal(a.labels, b.labels)
        np.testing.assert_array_equal(a.appearance, b.appearance)
    a, b = graph.window(), expected.window()
    np.testing.assert_array_equal(a.node_features.values, b.node_features.values)
    np.testing.assert_array_equal(a.edge_index, b.edge_index)
    np.testing.assert_array_equal(a.edge_features.values, b.edge_features.values)


def test_archived_graph_equals_the_original(prepared, folder):
    graph = with_changed_frame(with_changed_frame(prepared, 1), 3)
    archived = GraphArchive(folder).archive(graph)
    assert_equal(archived, graph)
    assert archived.replaced == {1, 3}
    assert archived.pairs[2].flow is prepared.pairs[2].flow
    assert changed_size(graph) > 0
    assert changed_size(archived) == 0


def test_archived_graph_can_be_changed(prepared, folder):
    graph = with_changed_frame(prepared, 1)
    archived = GraphArchive(folder).archive(graph)
    assert_equal(with_changed_frame(archived, 2), with_changed_frame(graph, 2))


def test_frames_of_several_rounds_are_written_once(prepared, folder):
    archive, first = GraphArchive(folder), with_changed_frame(prepared, 1)
    second = with_changed_frame(first, 3)
    only_second = changed_size(second, newer=first)
    assert 0 < only_second < changed_size(second)
    assert changed_size(first, newer=second) == 0
    for graph in (first, second):
        assert_equal(archive.archive(graph), graph)
    files = list(Path(folder.name).iterdir())
    assert len(files) == 3 + 3  # a frame and two pairs each
    assert archive.archive(prepared) is prepared


def test_files_exist_as_long_as_the_archived_graph(prepared):
    graph = with_changed_frame(prepared, 1)
    archived = GraphArchive(TemporaryDirectory()).archive(graph)
    assert_equal(archived, graph)


def test_frames_that_were_read_are_cached(prepared, folder):
    graph = with_changed_frame(prepared, 1)
    archived = GraphArchive(folder).archive(graph)
    assert archived.frames[1] is archived.frames[1]
    assert archived.pairs[1] is archived.pairs[1]
