"""Results of old rounds in files."""

from dataclasses import replace

import numpy as np

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import History, HistoryEntry
from napari_gnn_vos.controller.session_archive import held_size
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.session import Prediction, Session
from tests.controller import fakes
from tests.scenes import random_graph


def session_of(number, shape=(5, 16, 18)):
    rng = np.random.default_rng(number)
    probability = tuple(rng.random((n + 3, 2), np.float32) for n in range(shape[0]))
    prediction = Prediction((1,), probability, np.ones((shape[0], 1), np.float32))
    labels = LabelFrames.of(rng.integers(0, 2, shape).astype(np.uint8))
    session = Session(fakes.video(shape), graph=None, prediction=prediction)
    return replace(session, packed_labels=labels, rounds=((),) * number)


def history_of(count, memory):
    history = History(session_of(0))
    history.memory = memory
    for number in range(1, count + 1):
        history.add(HistoryEntry(session_of(number), Drawing(), f"round {number}"))
        history.archive.wait()
    return history


def test_undo_has_no_limit_and_memory_does():
    size = held_size(session_of(1))
    history = history_of(60, memory=4 * size)
    held = sum(held_size(entry.session) for entry in history.entries)
    assert held <= 6 * size
    for number in range(60, 0, -1):
        original = session_of(number)
        session = history.current.session
        assert len(session.rounds) == number
        np.testing.assert_array_equal(session.labels, original.labels)
        for new, old in zip(
            session.prediction.probability,
            original.prediction.probability,
            strict=True,
        ):
            np.testing.assert_array_equal(new, old)
        history.undo()
    assert history.previous is None


def test_changed_superpixels_of_old_rounds_are_moved_to_files():
    graph = random_graph(np.random.default_rng(0))
    history, graphs = History(), []
    history.memory = 0
    for number in range(1, 7):
        frame = replace(graph.frames[2])
        graph = graph.with_frames({2: frame}, {})
        graphs.append(graph)
        session = replace(session_of(number), graph=graph)
        history.add(HistoryEntry(session, Drawing(), f"round {number}"))
        history.archive.wait()
    history.add(history.current)  # takes the archived sessions over
    *old, _, _, _ = history.entries[1:]
    assert len(old) == 4
    for entry, expected in zip(old, graphs, strict=False):
        assert held_size(entry.session) == 0
        archived = entry.session.graph
        assert archived.replaced == {2}
        np.testing.assert_array_equal(
            archived.frames[2].labels, expected.frames[2].labels
        )


def test_archived_rounds_stay_equal_in_projects():
    from napari_gnn_vos.io.project.saved_prediction import encode_prediction
    from napari_gnn_vos.structures.project import SavedPrediction

    history = history_of(8, memory=0)
    session = history.entries[2].session
    assert held_size(session) == 0
    saved, original = (
        encode_prediction(SavedPrediction(s.prediction, s.packed_labels))
        for s in (session, session_of(2))
    )
    assert saved == original


def test_small_histories_write_no_files():
    history = history_of(5, memory=2**20)
    assert history.archive._folder is None
