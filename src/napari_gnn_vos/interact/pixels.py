"""Passes over the pixels of a frame, compiled: what `paint` does with them.

None holds Python's lock, so that frames are painted beside each other.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SMOOTH = np.float32(4e-4)
"""Variance of grey (0 to 1) below which the filter blurs."""


@njit(cache=True, nogil=True)
def labels_to_pixels(labels, names, likely, flat):  # type: ignore[no-untyped-def]
    """Give every pixel its superpixel's name; find where objects may be.

    Parameters
    ----------
    labels : (H, W) ndarray of int
        Superpixels 0 .. n - 1.
    names : (n,) ndarray of uint8
    likely : (n, K) ndarray of bool
        Whether a superpixel may be an object.
    flat : (H, W) ndarray of uint8
        Gets the names.

    Returns
    -------
    boxes : (K, 4) ndarray of int
        First and last row, first and last column, by every second of both; the last
        before the first if an object is nowhere.
    """
    h, w = labels.shape
    count = likely.shape[1]
    boxes = np.empty((count, 4), np.int64)
    boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3] = h, -1, w, -1
    for r in range(h):
        for c in range(w):
            flat[r, c] = names[labels[r, c]]
        if r % 2 == 0:
            for c in range(0, w, 2):
                for k in range(count):
                    if likely[labels[r, c], k]:
                        box = boxes[k]
                        box[0], box[1] = min(box[0], r), r
                        box[2], box[3] = min(box[2], c), max(box[3], c)
    return boxes


@njit(cache=True, nogil=True)
def products(grey, labels, chance):  # type: ignore[no-untyped-def]
    """Guide g from grey, s from the superpixels' chance: g, s, g s, g g, (h, w, 4)."""
    h, w = labels.shape
    out = np.empty((h, w, 4), np.float32)
    for r in range(h):
        for c in range(w):
            g = grey[r, c] / np.float32(255)
            s = chance[labels[r, c]]
            out[r, c, 0], out[r, c, 1] = g, s
            out[r, c, 2], out[r, c, 3] = g * s, g * g
    return out


@njit(cache=True, nogil=True)
def fit_lines(means):  # type: ignore[no-untyped-def]
    """Slope and offset of s over g around every pixel, (h, w, 2), of mean products."""
    h, w, _ = means.shape
    out = np.empty((h, w, 2), np.float32)
    for r in range(h):
        for c in range(w):
            g, s, both, square = means[r, c]
            slope = (both - g * s) / (square - g * g + SMOOTH)
            out[r, c, 0], out[r, c, 1] = slope, s - slope * g
    return out


@njit(cache=True, nogil=True)
def follow_lines(lines, grey, rest):  # type: ignore[no-untyped-def]
    """Chance of every pixel by its mean line, (h, w); it is taken from the rest."""
    h, w = grey.shape
    soft = np.empty((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            value = lines[r, c, 0] * (grey[r, c] / np.float32(255)) + lines[r, c, 1]
            soft[r, c] = value
            rest[r, c] -= value
    return soft


@njit(cache=True, nogil=True)
def take_likelier(soft, name, best, flat):  # type: ignore[no-untyped-def]
    """Name pixels whose chance is above the best so far, and raise that; in place."""
    h, w = soft.shape
    for r in range(h):
        for c in range(w):
            if soft[r, c] > best[r, c]:
                best[r, c] = soft[r, c]
                flat[r, c] = name


@njit(cache=True, nogil=True)
def drop_specks(painted, whole, name):  # type: ignore[no-untyped-def]
    """Undo pieces of a label, in place, which no superpixel with that label touches.

    Parameters
    ----------
    painted, whole : (h, w) ndarray of uint8
        Labels with the filter, and of whole superpixels.
    name : int
    """
    h, w = painted.shape
    new, count = _gained(painted, whole, name)
    if count > 0:
        _let_go_of_held(new, count, painted, whole, name)
        for r in range(h):
            for c in range(w):
                if new[r, c]:
                    painted[r, c] = whole[r, c]


@njit(cache=True, nogil=True)
def _gained(painted, whole, name):  # type: ignore[no-untyped-def]
    """Pixels that have a label by the filter alone, (h, w), and how many."""
    h, w = painted.shape
    new, count = np.zeros((h, w), np.bool_), 0
    for r in range(h):
        for c in range(w):
            if painted[r, c] == name and whole[r, c] != name:
                new[r, c] = True
                count += 1
    return new, count


@njit(cache=True, nogil=True)
def _let_go_of_held(new, count, painted, whole, name):  # type: ignore[no-untyped-def]
    """Take away from `new`, of `count`, what is tied to a superpixel of the label."""
    h, w = painted.shape
    held, top = np.empty((count, 2), np.int64), 0
    for r in range(h):
        for c in range(w):
            if new[r, c] and _touches(painted, whole, name, r, c):
                new[r, c] = False
                held[top, 0], held[top, 1] = r, c
                top += 1
    _hold_on(new, held, top)


@njit(cache=True, nogil=True)
def _touches(painted, whole, name, row, col):  # type: ignore[no-untyped-def]
    """Whether a neighbour has a label both painted and by its superpixel."""
    h, w = painted.shape
    for r in range(max(row - 1, 0), min(row + 2, h)):
        for c in range(max(col - 1, 0), min(col + 2, w)):
            if painted[r, c] == name and whole[r, c] == name:
                return True
    return False


@njit(cache=True, nogil=True)
def _hold_on(new, held, top):  # type: ignore[no-untyped-def]
    """Take away from `new` what the `top` held pixels reach; room for all is there."""
    h, w = new.shape
    while top > 0:
        top -= 1
        row, col = held[top]
        for r in range(max(row - 1, 0), min(row + 2, h)):
            for c in range(max(col - 1, 0), min(col + 2, w)):
                if new[r, c]:
                    new[r, c] = False
                    held[top, 0], held[top, 1] = r, c
                    top += 1
