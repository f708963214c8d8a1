import numpy as np
import pytest
from numba import njit

from napari_gnn_vos.model import vectors
from napari_gnn_vos.model.vectors import TALL, VECTOR, WIDE

SET, ADD, TURN, MULTIPLY = (
    vectors.set_sum,
    vectors.add_products,
    vectors.transpose_tile,
    vectors.multiply_tile,
)


@njit
def set_sum(out, to, one, i, other, j):
    SET(out, to, one, i, other, j)


@njit
def add_products(out, to, apart, one, i, other, j):
    ADD(out, to, apart, one, i, other, j)


@njit
def transpose_tile(rows, i, step, columns, j, stride):
    TURN(rows, i, step, columns, j, stride)


@njit
def multiply_tile(weight, k, step, values, x, stride, count, out):
    MULTIPLY(weight, k, step, values, x, stride, count, out)


def some(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def test_a_sum_is_set_where_it_is_told_and_nowhere_else():
    out, one, other = some(30), some(20, seed=1), some(20, seed=2)
    wanted = out.copy()
    wanted[5 : 5 + VECTOR] = one[3 : 3 + VECTOR] + other[9 : 9 + VECTOR]
    set_sum(out, 5, one, 3, other, 9)
    np.testing.assert_array_equal(out, wanted)


def test_products_and_factors_are_added():
    out, one, other = some(40), some(20, seed=1), some(20, seed=2)
    weight, value = one[1 : 1 + VECTOR], other[4 : 4 + VECTOR]
    wanted = out.copy()
    wanted[2 : 2 + VECTOR] += weight * value
    wanted[18 : 18 + VECTOR] += weight
    add_products(out, 2, 16, one, 1, other, 4)
    np.testing.assert_allclose(out, wanted, rtol=1e-6, atol=1e-6)


def test_a_tile_is_transposed():
    rows, columns = some(16, 24), some(24, 16, seed=1)
    wanted = columns.copy()
    wanted[16:24, 8:16] = rows[8:16, 16:24].T
    transpose_tile(rows, 8 * 24 + 16, 24, columns, 16 * 16 + 8, 16)
    np.testing.assert_array_equal(columns, wanted)


@pytest.mark.parametrize("count", [1, 7, 20])
def test_a_tile_of_a_product_is_added(count):
    weight, values, out = some(count, 24), some(count, 64, seed=1), some(24, 64, seed=2)
    tile = slice(8, 8 + TALL), slice(WIDE, 2 * WIDE)
    wanted = out.copy()
    wanted[tile] += weight[:, tile[0]].T @ values[:, tile[1]]
    multiply_tile(weight, 8, 24, values, WIDE, 64, count, out)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)
