import numpy as np
import pytest
from numba import njit

from napari_gnn_vos.model.backends.compiled import intrinsics
from napari_gnn_vos.model.backends.compiled.intrinsics import (
    LONG_RUN,
    NARROW_TILE,
    TILE_ROWS,
    VECTOR,
    WIDE_TILE,
)

SET, ADD, ADD_LONG, TRANSPOSE, MULTIPLY, MULTIPLY_NARROW, PREFETCH = (
    intrinsics.set_sum,
    intrinsics.add_run,
    intrinsics.add_long_run,
    intrinsics.transpose_tile,
    intrinsics.multiply_tile,
    intrinsics.multiply_narrow_tile,
    intrinsics.prefetch,
)


@njit
def set_sum(out, to, a, i, b, j):
    SET(out, to, a, i, b, j)


@njit
def add_run(sums, to, gates, terms, p, k, source, begin, end):
    ADD(sums, to, gates, terms, p, k, source, begin, end)


@njit
def add_long_run(sums, to, gates, terms, p, k, source, begin, end):
    ADD_LONG(sums, to, gates, terms, p, k, source, begin, end)


@njit
def transpose_tile(rows, i, step, columns, j, stride):
    TRANSPOSE(rows, i, step, columns, j, stride)


@njit
def multiply_tile(weight, k, step, skip, values, x, stride, count, out, to):
    MULTIPLY(weight, k, step, skip, values, x, stride, count, out, to)


@njit
def multiply_narrow_tile(weight, k, step, skip, values, x, stride, count, out, to):
    MULTIPLY_NARROW(weight, k, step, skip, values, x, stride, count, out, to)


@njit
def prefetch(values, position):
    PREFETCH(values, position)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def test_a_sum_is_written_to_its_position_only():
    out, a, b = random(30), random(20, seed=1), random(20, seed=2)
    expected = out.copy()
    expected[5 : 5 + VECTOR] = a[3 : 3 + VECTOR] + b[9 : 9 + VECTOR]
    set_sum(out, 5, a, 3, b, 9)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("add", "width"), [(add_run, VECTOR), (add_long_run, LONG_RUN)]
)
@pytest.mark.parametrize("run", [(3, 4), (1, 6), (2, 2)])
def test_run_of_edges_is_summed_at_its_target(add, width, run):
    gates, terms = random(6, 32, seed=1), random(10, 2, 32, seed=2)
    source = np.array([7, 0, 3, 3, 9, 1], np.uint32)
    sums = random(3, 2, 32)
    expected, channels = sums.copy(), slice(8, 8 + width)
    gate = gates[slice(*run), channels]
    message = terms[source[slice(*run)], 0, channels]
    expected[1, 0, channels] += (gate * message).sum(0)
    expected[1, 1, channels] += gate.sum(0)
    add(sums, 64, gates, terms, 32, 8, source, *run)
    np.testing.assert_allclose(sums, expected, rtol=1e-5, atol=1e-5)


def test_tile_is_transposed():
    rows, columns = random(16, 24), random(24, 16, seed=1)
    expected = columns.copy()
    expected[16:24, 8:16] = rows[8:16, 16:24].T
    transpose_tile(rows, 8 * 24 + 16, 24, columns, 16 * 16 + 8, 16)
    np.testing.assert_array_equal(columns, expected)


TILES = [(multiply_tile, WIDE_TILE), (multiply_narrow_tile, NARROW_TILE)]


@pytest.mark.parametrize(("multiply", "width"), TILES)
@pytest.mark.parametrize("count", [1, 7, 20])
def test_product_is_added_to_a_tile(multiply, width, count):
    weight, values, out = (
        random(count, 24),
        random(count, 64, seed=1),
        random(24, 64, seed=2),
    )
    tile = slice(8, 8 + TILE_ROWS), slice(width, 2 * width)
    expected = out.copy()
    expected[tile] += weight[:, tile[0]].T @ values[:, tile[1]]
    multiply(weight, 8, 24, 1, values, width, 64, count, out, 8 * 64 + width)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_product_with_transposed_weights_is_added_to_a_tile():
    weight, values, out = random(24, 7), random(7, 64, seed=1), random(24, 64, seed=2)
    tile = slice(8, 8 + TILE_ROWS), slice(0, WIDE_TILE)
    expected = out.copy()
    expected[tile] += weight[tile[0]] @ values[:, tile[1]]
    multiply_tile(weight, 8 * 7, 1, 7, values, 0, 64, 7, out, 8 * 64)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_prefetch_changes_nothing_even_beyond_the_end():
    values = random(40)
    before = values.copy()
    for at in (0, 39, 40, 10**6):
        prefetch(values, at)
    np.testing.assert_array_equal(values, before)
