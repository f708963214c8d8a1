import numpy as np
import pytest
from numba import njit

from napari_gnn_vos.model import vectors
from napari_gnn_vos.model.vectors import LONG, NARROW, TALL, VECTOR, WIDE

SET, ADD, ADD_LONG, TURN, MULTIPLY, MULTIPLY_NARROW, FETCH = (
    vectors.set_sum,
    vectors.add_run,
    vectors.add_long_run,
    vectors.transpose_tile,
    vectors.multiply_tile,
    vectors.multiply_narrow_tile,
    vectors.fetch,
)


@njit
def set_sum(out, to, one, i, other, j):
    SET(out, to, one, i, other, j)


@njit
def add_run(out, to, gates, sent, p, k, source, begin, end):
    ADD(out, to, gates, sent, p, k, source, begin, end)


@njit
def add_long_run(out, to, gates, sent, p, k, source, begin, end):
    ADD_LONG(out, to, gates, sent, p, k, source, begin, end)


@njit
def transpose_tile(rows, i, step, columns, j, stride):
    TURN(rows, i, step, columns, j, stride)


@njit
def multiply_tile(weight, k, step, skip, values, x, stride, count, out, to):
    MULTIPLY(weight, k, step, skip, values, x, stride, count, out, to)


@njit
def multiply_narrow_tile(weight, k, step, skip, values, x, stride, count, out, to):
    MULTIPLY_NARROW(weight, k, step, skip, values, x, stride, count, out, to)


@njit
def fetch(values, at):
    FETCH(values, at)


def some(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def test_a_sum_is_set_where_it_is_told_and_nowhere_else():
    out, one, other = some(30), some(20, seed=1), some(20, seed=2)
    wanted = out.copy()
    wanted[5 : 5 + VECTOR] = one[3 : 3 + VECTOR] + other[9 : 9 + VECTOR]
    set_sum(out, 5, one, 3, other, 9)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize(("add", "width"), [(add_run, VECTOR), (add_long_run, LONG)])
@pytest.mark.parametrize("run", [(3, 4), (1, 6), (2, 2)])
def test_a_run_of_edges_is_added_up_at_its_target(add, width, run):
    gates, sent = some(6, 32, seed=1), some(10, 2, 32, seed=2)
    source = np.array([7, 0, 3, 3, 9, 1], np.uint32)
    out = some(3, 2, 32)
    wanted, channels = out.copy(), slice(8, 8 + width)
    opened = gates[slice(*run), channels]
    passed = sent[source[slice(*run)], 0, channels]
    wanted[1, 0, channels] += (opened * passed).sum(0)
    wanted[1, 1, channels] += opened.sum(0)
    add(out, 64, gates, sent, 32, 8, source, *run)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)


def test_a_tile_is_transposed():
    rows, columns = some(16, 24), some(24, 16, seed=1)
    wanted = columns.copy()
    wanted[16:24, 8:16] = rows[8:16, 16:24].T
    transpose_tile(rows, 8 * 24 + 16, 24, columns, 16 * 16 + 8, 16)
    np.testing.assert_array_equal(columns, wanted)


TILES = [(multiply_tile, WIDE), (multiply_narrow_tile, NARROW)]


@pytest.mark.parametrize(("multiply", "width"), TILES)
@pytest.mark.parametrize("count", [1, 7, 20])
def test_a_tile_of_a_product_is_added(multiply, width, count):
    weight, values, out = some(count, 24), some(count, 64, seed=1), some(24, 64, seed=2)
    tile = slice(8, 8 + TALL), slice(width, 2 * width)
    wanted = out.copy()
    wanted[tile] += weight[:, tile[0]].T @ values[:, tile[1]]
    multiply(weight, 8, 24, 1, values, width, 64, count, out, 8 * 64 + width)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)


def test_weights_may_lie_the_other_way_round():
    weight, values, out = some(24, 7), some(7, 64, seed=1), some(24, 64, seed=2)
    tile = slice(8, 8 + TALL), slice(0, WIDE)
    wanted = out.copy()
    wanted[tile] += weight[tile[0]] @ values[:, tile[1]]
    multiply_tile(weight, 8 * 7, 1, 7, values, 0, 64, 7, out, 8 * 64)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)


def test_what_is_asked_for_stays_as_it_is_even_behind_the_end():
    values = some(40)
    before = values.copy()
    for at in (0, 39, 40, 10**6):
        fetch(values, at)
    np.testing.assert_array_equal(values, before)
