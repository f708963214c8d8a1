import numpy as np

from napari_gnn_vos.interact.one_vs_rest import (
    assemble_inputs,
    mark_absent,
    one_vs_rest,
    zero_absent_objects,
)
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES, column


def combine(probabilities, drawn):
    columns = np.array(list(probabilities.values()), np.float32)
    return one_vs_rest(columns, np.array(drawn, np.int16), tuple(probabilities))


def test_one_object_against_background():
    out = combine({2: [0.2, 0.9, 1]}, [-1, -1, -1])
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, [[0.8, 0.2], [0.1, 0.9], [0, 1]], atol=1e-6)


def test_each_object_keeps_its_odds_against_background():
    out = combine({1: [0.5, 0.45], 4: [0.8, 0.45]}, [-1, -1])
    np.testing.assert_allclose(out[0], np.array([1, 1, 4]) / 6, rtol=1e-6)
    assert out[1].argmax() == 0  # both are less probable than not


def test_drawn_labels_have_probability_one():
    out = combine({1: [0.9, 0.9, 0.9], 4: [0.1] * 3}, [0, 4, 1])
    assert out.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_rows_sum_to_one():
    rng = np.random.default_rng(0)
    probabilities = {k: rng.random(20) for k in (1, 2, 3)}
    probabilities[1][0] = probabilities[2][0] = probabilities[3][0] = 1
    probabilities[1][1] = probabilities[2][1] = probabilities[3][1] = 0
    out = combine(probabilities, rng.integers(-1, 4, 20))
    np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-5)


def test_inputs_of_a_small_case():
    node_labels = SuperpixelLabels(
        np.array([1, 0, -1, -1, -1, -1], np.int16),
        np.array([-1, -1, 2, 1, 0, -1], np.int16),
        np.array([-1, -1, -1, -1, -1, 0], np.int16),
    )
    probabilities = {
        "label_model": np.linspace(0, 1, 6, dtype=np.float32),
        "harmonic": np.full(6, 0.25, np.float32),
        "previous": np.full(6, 0.5, np.float32),
    }
    frames = []
    for rows in (slice(3), slice(3, None)):  # two frames; the second has no strokes
        per_frame = {name: p[rows] for name, p in probabilities.items()}
        frames.append(assemble_inputs(node_labels.take(rows), 1, per_frame))
    inputs = np.concatenate(frames)
    assert inputs.dtype == np.float32
    expected = {
        "drawn_target": [1, 0, 0, 0, 0, 0],
        "drawn_rest": [0, 1, 0, 0, 0, 0],
        "propagated_target": [0, 0, 0, 1, 0, 0],
        "propagated_rest": [0, 0, 1, 0, 1, 0],
        "label_model": [-1, -0.6, -0.2, 0.2, 0.6, 1],
        "harmonic": [-0.5] * 6,
        "previous": [0] * 6,
        "frame_annotated": [1, 1, 1, 0, 0, 0],
    }
    assert tuple(expected) == NODE_INPUT_NAMES
    for values, name in zip(inputs.T, NODE_INPUT_NAMES, strict=True):
        np.testing.assert_allclose(values, expected[name], atol=1e-6, err_msg=name)


def test_absent_object_is_marked_as_drawn_with_another_label():
    inputs = np.zeros((2, len(NODE_INPUT_NAMES)), np.float32)
    inputs[0, NODE_INPUT_NAMES.index("drawn_target")] = 1
    marked = mark_absent(inputs)
    assert column(marked, "drawn_rest").tolist() == [0, 1]
    assert column(marked, "drawn_target").tolist() == [1, 0]
    assert column(marked, "frame_annotated").tolist() == [1, 1]
    assert not column(inputs, "frame_annotated").any()


def test_absent_object_has_probability_zero():
    probabilities = np.array([[0.5, 0.25], [0.75, 1.0]], np.float32)
    expected = [[0, 0], [0.75, 1.0]]
    assert zero_absent_objects(probabilities, (3, 8), {3}).tolist() == expected
