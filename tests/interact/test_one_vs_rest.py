import numpy as np

from napari_gnn_vos.interact.one_vs_rest import one_vs_rest


def put_together(probabilities, drawn):
    columns = np.array(list(probabilities.values()), np.float32)
    return one_vs_rest(columns, np.array(drawn, np.int16), tuple(probabilities))


def test_one_object_is_itself_or_background():
    out = put_together({2: [0.2, 0.9, 1]}, [-1, -1, -1])
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, [[0.8, 0.2], [0.1, 0.9], [0, 1]], atol=1e-6)


def test_every_object_keeps_its_odds_against_background():
    out = put_together({1: [0.5, 0.45], 4: [0.8, 0.45]}, [-1, -1])
    np.testing.assert_allclose(out[0], np.array([1, 1, 4]) / 6, rtol=1e-6)
    assert out[1].argmax() == 0  # neither is likelier than not


def test_what_is_drawn_is_binding():
    out = put_together({1: [0.9, 0.9, 0.9], 4: [0.1] * 3}, [0, 4, 1])
    assert out.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_rows_sum_to_one():
    rng = np.random.default_rng(0)
    probabilities = {k: rng.random(20) for k in (1, 2, 3)}
    probabilities[1][0] = probabilities[2][0] = probabilities[3][0] = 1
    probabilities[1][1] = probabilities[2][1] = probabilities[3][1] = 0
    out = put_together(probabilities, rng.integers(-1, 4, 20))
    np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-5)
