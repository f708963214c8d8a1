import json

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io import graph_store
from napari_gnn_vos.io.graph_store import GraphStore, MemoryStore, open_graph
from napari_gnn_vos.storage import storage_path
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def store_frames(store, graph, stop=None):
    last = len(graph.frames) - 1
    for t in range(len(graph.frames) if stop is None else stop):
        store.put(t, graph.frames[t], graph.pairs[t] if t < last else None)


@pytest.fixture(params=["", "file://", "memory://"])
def folder(tmp_path, graph, request):
    """Prepared graph in a folder, and in file systems with and without rename."""
    if request.param:
        pytest.importorskip("upath")
    root = storage_path(f"{request.param}{tmp_path.as_posix()}")
    store = GraphStore(root / "made" / "here", len(graph.frames))
    store_frames(store, graph)
    store.finish(graph)
    return store.folder


@pytest.mark.parametrize("on_disk", [True, False])
def test_number_of_superpixels_is_read_alone(graph, tmp_path, on_disk):
    store = GraphStore(tmp_path, 5) if on_disk else MemoryStore()
    store_frames(store, graph)
    counts = [store.superpixels(t) for t in range(len(graph.frames))]
    assert counts == graph.counts.tolist()


def assert_same(first, second):
    for a, b in zip(first.frames, second.frames, strict=True):
        for name in (
            "labels",
            "node_features",
            "appearance",
            "spatial_edges",
            "edge_features",
        ):
            x, y = getattr(a, name), getattr(b, name)
            np.testing.assert_array_equal(x, y)
            assert x.dtype == y.dtype
    for a, b in zip(first.pairs, second.pairs, strict=True):
        for x, y in (
            (a.flow.forward, b.flow.forward),
            (a.flow.backward, b.flow.backward),
            (a.causal_edges, b.causal_edges),
            (a.edge_features, b.edge_features),
        ):
            np.testing.assert_array_equal(x, y)
            assert x.dtype == y.dtype


def test_stored_graph_is_opened_unchanged(folder, graph):
    opened = open_graph(folder)
    assert_same(opened, graph)
    assert opened.counts.tolist() == graph.counts.tolist()
    assert opened.node_feature_names == graph.node_feature_names
    assert opened.edge_feature_names == graph.edge_feature_names
    assert opened.shape == graph.shape
    assert opened.fingerprint == graph.fingerprint
    np.testing.assert_array_equal(opened.window().edge_index, graph.window().edge_index)


def test_memory_store_returns_the_stored_frames(graph):
    store = MemoryStore()
    assert not store.has_frame(0)
    store_frames(store, graph, 2)
    assert [store.has_frame(t) for t in range(3)] == [True, True, False]
    assert store.frame(1) is graph.frames[1]
    assert store.pair(0) is graph.pairs[0]


def test_incomplete_graph_is_not_opened(tmp_path, graph):
    assert open_graph(tmp_path / "nothing") is None
    store = GraphStore(tmp_path, len(graph.frames))
    store_frames(store, graph, 3)
    assert open_graph(tmp_path) is None
    assert [GraphStore(tmp_path, 5).has_frame(t) for t in range(4)] == [True] * 3 + [
        False
    ]


def test_opening_reads_no_frame(folder):
    for path in folder.glob("*.npz"):
        path.unlink()
    assert open_graph(folder).n > 0


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_damaged_frame_is_refused(folder, content):
    path = folder / "000002.npz"
    path.write_bytes(path.read_bytes()[:1000] if content is None else content)
    graph = open_graph(folder)
    assert graph.frames[1].n > 0
    for read in (graph.frames, graph.pairs):
        with pytest.raises(ReadError, match=r"000002\.npz.*prepare the video again"):
            read[2]


def test_missing_frame_is_refused(folder):
    (folder / "000001.npz").unlink()
    with pytest.raises(ReadError, match=r"000001\.npz"):
        open_graph(folder).frames[1]


def test_pair_after_the_last_frame_is_refused(folder, graph):
    with pytest.raises(ReadError):
        GraphStore(folder, len(graph.frames)).pair(len(graph.frames) - 1)


def test_frames_of_another_version_are_deleted(folder, graph, monkeypatch):
    monkeypatch.setattr(graph_store, "VERSION", graph_store.VERSION + 1)
    assert open_graph(folder) is None
    store = GraphStore(folder, len(graph.frames))
    assert not any(store.has_frame(t) for t in range(len(graph.frames)))
    store_frames(store, graph)
    store.finish(graph)
    assert_same(open_graph(folder), graph)


def test_incomplete_graph_of_another_version_is_deleted(tmp_path, graph, monkeypatch):
    store_frames(GraphStore(tmp_path, len(graph.frames)), graph, 2)
    monkeypatch.setattr(graph_store, "VERSION", graph_store.VERSION + 1)
    assert not GraphStore(tmp_path, len(graph.frames)).has_frame(0)


@pytest.mark.parametrize("text", ["", "{", json.dumps({"counts": [1]})])
def test_damaged_metadata_restarts_preparation(folder, graph, text):
    (folder / "graph.json").write_text(text)
    assert open_graph(folder) is None
    assert not GraphStore(folder, len(graph.frames)).has_frame(0)


def test_failed_write_leaves_no_partial_file(folder, graph, monkeypatch):
    def write_partially(file, **_arrays):
        file.write(b"half")
        raise OSError("disk full")

    (folder / "000003.npz").unlink()
    monkeypatch.setattr(np, "savez", write_partially)
    store = GraphStore(folder, len(graph.frames))
    with pytest.raises(OSError, match="disk full"):
        store.put(3, graph.frames[3], None)
    assert not store.has_frame(3)


def test_folder_contains_only_frames_and_metadata(folder, graph):
    names = sorted(path.name for path in folder.iterdir())
    frames = [f"{t:06d}.npz" for t in range(len(graph.frames))]
    assert names == [*frames, "graph.json"]


def test_unwritable_folder_is_refused(tmp_path, graph, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReadError, match=r"cannot be written.*choose another folder"):
        GraphStore(tmp_path / "file" / "folder", 4)
    store = GraphStore(tmp_path / "folder", 4)

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("napari_gnn_vos.io.graph_store.atomic_write", full)
    with pytest.raises(ReadError, match="No space left on device"):
        store.put(0, graph.frames[0], None)
