import numpy as np
import pytest

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.evidence import gather_evidence, recall
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.session import Prediction
from tests.interact.known import known
from tests.scenes import random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


STRONG = LabelModelSettings(strength=1.0)
"""So that a few superpixels suffice for an opinion."""


def gather(graph, marks, previous=None, **settings):
    settings = STRONG.model_copy(update=settings)
    return gather_evidence(graph, marks, previous, settings)


def told(found, label):
    """Columns of all frames, (N, 8)."""
    frames = [found.inputs(t) for t in range(len(found.first) - 1)]
    return np.concatenate(frames, axis=1)[found.objects.index(label)]


def test_every_object_that_is_drawn_and_no_other(graph):
    marks = known(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 7)])
    found = gather(graph, marks)
    assert found.objects == (1, 3)
    assert set(found.label_model) == set(found.harmonic) == {1, 3}
    for label in found.objects:
        inputs = told(found, label)
        assert inputs.shape == (graph.n, len(INPUT_NAMES))
        assert np.isfinite(inputs).all()
        assert np.abs(inputs).max() <= 1
        at = INPUT_NAMES.index
        assert inputs[:, at("drawn_it")].nonzero()[0].tolist() == [{1: 2, 3: 1}[label]]
        np.testing.assert_allclose(
            inputs[:, at("label_model")], 2 * found.label_model[label] - 1, atol=1e-6
        )
        np.testing.assert_allclose(
            inputs[:, at("harmonic")], 2 * found.harmonic[label] - 1, atol=1e-6
        )
        assert (inputs[:, at("previous")] == 0).all()


def test_the_answer_before_is_recalled(graph):
    rows = [
        np.random.default_rng(t).random((f.n, 3)) for t, f in enumerate(graph.frames)
    ]
    answer = tuple(r.astype(np.float32) for r in rows)
    before = Prediction((2, 5), answer, np.ones((len(rows), 2), np.float32))
    everything = np.concatenate(rows).astype(np.float32)
    np.testing.assert_array_equal(recall(before, 5, graph.n), everything[:, 2])
    np.testing.assert_array_equal(recall(before, 2, graph.n), everything[:, 1])
    assert (recall(before, 3, graph.n) == 0.5).all()
    assert (recall(None, 2, graph.n) == 0.5).all()
    found = gather(graph, known(graph.n, [(0, 0), (1, 5)]), before)
    column = told(found, 5)[:, INPUT_NAMES.index("previous")]
    np.testing.assert_allclose(column, 2 * everything[:, 2] - 1, atol=1e-6)


def test_guessed_background_is_learnt_from_and_shown_nowhere_else(graph):
    marks = known(graph.n, [(0, 1)], guessed=[(graph.n - 1, 0)])
    found = gather(graph, marks)
    assert found.label_model[1][0] > 0.55
    assert found.label_model[1][-1] < 0.45
    alone = gather(graph, known(graph.n, [(0, 1)]))
    assert (alone.label_model[1] == 0.5).all()
    for name in ("drawn_other", "spread_other"):
        assert (told(found, 1)[:, INPUT_NAMES.index(name)] == 0).all()


def test_without_the_label_model_every_label_is_as_likely_as_not(graph):
    marks = known(graph.n, [(0, 0), (1, 3), (2, 1)], [(5, 1)])
    found = gather(graph, marks, enabled=False)
    assert found.objects == (1, 3)
    for label in found.objects:
        assert (found.label_model[label] == 0.5).all()
        assert (told(found, label)[:, INPUT_NAMES.index("label_model")] == 0).all()
    assert found.harmonic[3][1] > 0.8 > 0.2 > found.harmonic[3][2]


def test_for_some_frames_only(graph):
    marks = known(graph.n, [(0, 1), (graph.n - 1, 0)])
    some = gather_evidence(graph, marks, None, STRONG, range(1, 4))
    whole = gather(graph, marks)
    inside = slice(graph.first[1], graph.first[4])
    np.testing.assert_array_equal(
        some.label_model[1][inside], whole.label_model[1][inside]
    )
    assert (some.label_model[1][: inside.start] == 0.5).all()
    assert (some.label_model[1][inside.stop :] == 0.5).all()
