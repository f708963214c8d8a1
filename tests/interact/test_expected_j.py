import numpy as np
import pytest

from napari_gnn_vos.interact.expected_j import expected_j, overlap


def test_a_sure_answer_expects_to_be_right():
    sure = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    size = np.array([50, 30, 20])
    np.testing.assert_allclose(overlap(sure, size), [[30, 20], [30, 20]])
    assert (expected_j(overlap(sure, size)[None]) == 1).all()


def test_by_hand():
    rows = np.array([[0.2, 0.8], [0.75, 0.25]], np.float32)
    shared, covered = overlap(rows, np.array([10, 40]))
    assert shared == pytest.approx(8)  # 10 x .8
    assert covered == pytest.approx(20)  # the mask, and 40 x .25 that it may miss
    more = 0.1 * 20
    j = expected_j(np.stack([[shared, covered]]))
    assert j == pytest.approx(np.array([[(8 + more) / (20 + more)]]))


def test_a_mask_is_where_an_object_is_likeliest():
    rows = np.array([[0.25, 0.35, 0.4]], np.float32)
    shared, covered = overlap(rows, np.array([100]))
    np.testing.assert_allclose(shared, [0, 40], rtol=1e-6)
    np.testing.assert_allclose(covered, [35, 100], rtol=1e-6)


def test_right_in_the_mean_if_chances_are_right():
    rng = np.random.default_rng(0)
    chance = rng.random(400).astype(np.float32)
    rows, size = np.stack([1 - chance, chance], axis=1), rng.integers(1, 100, 400)
    mask, js = chance > 0.5, []
    for _ in range(200):
        truth = rng.random(400) < chance
        js.append(size[mask & truth].sum() / size[mask | truth].sum())
    shared, covered = overlap(rows, size)
    assert shared / covered == pytest.approx(np.mean(js), abs=0.005)


def test_a_frame_where_nothing_is_seen_is_not_all_wrong():
    seen, unseen = [[90.0], [100.0]], [[0.0], [1.0]]
    j = expected_j(np.array([seen, seen, unseen]))
    assert j[2, 0] > 0.8
    assert j[0, 0] == pytest.approx(0.9, abs=0.02)
