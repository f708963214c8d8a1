"""Band around predicted boundaries, and labels of its pixels from decoded logits.

Maps at stride 2 have (h, w) pixels, half of those of a frame of (H, W) pixels whose
last row and column are repeated up to a multiple of 8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.structures.label_frames import Labels
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
BAND_RADIUS = 12
"""Largest distance of the band from a predicted boundary, in pixels of a frame."""
MIN_AREA, MIN_RADIUS = 64**2, 16
"""Smallest area of an object, and smallest radius of the largest disk inside it, in
pixels of a frame. Smaller and thinner objects have no band: they are not decoded."""
FILTER_LOGIT = 0.25
"""Added to a decoded logit where the guided filter labels the object, and subtracted
elsewhere: the decoder overrules the filter where it is confident."""
UNCERTAIN = 0.15
"""Pixels whose probability is farther than this from 0 and from 1 are in the band."""


@njit(cache=True, nogil=True)
def halve_probability(superpixels, probability, out):  # type: ignore[no-untyped-def]
    """Average the probability of superpixels over squares of 2 x 2 pixels, in place.

    Parameters
    ----------
    superpixels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    probability : (n,) ndarray of float32
    out : (h, w) ndarray of float32
    """
    bottom, right = superpixels.shape[0] - 1, superpixels.shape[1] - 1
    quarter = np.float32(0.25)
    for i in range(out.shape[0]):
        r, s = min(2 * i, bottom), min(2 * i + 1, bottom)
        for j in range(out.shape[1]):
            c, d = min(2 * j, right), min(2 * j + 1, right)
            first = probability[superpixels[r, c]] + probability[superpixels[r, d]]
            second = probability[superpixels[s, c]] + probability[superpixels[s, d]]
            out[i, j] = (first + second) * quarter


def boundary_band(mask: Mask, coarse: F32) -> Mask:
    """Mark pixels near the boundary of a mask or with an uncertain probability.

    The band is empty if the object is small or thin, see `MIN_AREA` and `MIN_RADIUS`.

    Parameters
    ----------
    mask : (h, w) ndarray of bool
        Predicted object at stride 2.
    coarse : (h, w) ndarray of float32
        Its probability.

    Returns
    -------
    band : (h, w) ndarray of bool
    """
    band = np.zeros(mask.shape, bool)
    if 4 * np.count_nonzero(mask) < MIN_AREA or mask.all():
        return band
    inside = mask.astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    if 2 * distance.max() < MIN_RADIUS:
        return band
    distance += cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    uncertain = (coarse > UNCERTAIN) & (coarse < 1 - UNCERTAIN)
    return np.asarray((distance < BAND_RADIUS / 2) | uncertain)


def label_band(
    logits: F32,
    bands: Mask,
    superpixels: NDArray[np.uint16],
    probability: F32,
    objects: Labels,
    labels: Labels,
) -> F32:
    r"""Label pixels of the bands, and average their probability over superpixels.

    The probabilities :math:`p_k` of the objects compete with each other and with that
    of background, :math:`\prod_k (1 - p_k)`. Where an object is not decoded,
    :math:`p_k` is its coarse probability.

    Parameters
    ----------
    logits : (K, h, w) ndarray of float32
        Of each object against the rest at stride 2; read inside its band only.
    bands : (K, h, w) ndarray of bool
    superpixels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    probability : (n, K + 1) ndarray of float32
        Coarse probability; column 0 is background.
    objects : (K + 1,) ndarray of uint8 or uint16
        Label of each column; 0 first.
    labels : (H, W) ndarray of uint8 or uint16
        Labels by the guided filter; in the bands the most probable label is written.

    Returns
    -------
    pooled : (n, K + 1) ndarray of float32
        Mean probability of all pixels of each superpixel.
    """
    pooled, count = np.zeros_like(probability), np.zeros(len(probability), np.int64)
    masks, sums = (bands, bands.any(axis=0)), (pooled, count)
    _label_pixels(logits, masks, superpixels, probability, (objects, labels), sums)
    size = np.bincount(superpixels.ravel(), minlength=len(count))
    size = np.maximum(size, 1)[:, None]
    pooled += (size - count[:, None]) * probability
    return np.asarray(pooled / size, np.float32)


@njit(cache=True, nogil=True)
def _label_pixels(  # type: ignore[no-untyped-def]
    logits, masks, superpixels, probability, labelled, sums
):
    """Label pixels in bands, and sum their probability and count over superpixels."""
    bands, union = masks
    objects, labels = labelled
    pooled, count = sums
    p = np.empty(probability.shape[1], np.float32)
    for r in range(superpixels.shape[0]):
        for c in range(superpixels.shape[1]):
            if union[r // 2, c // 2]:
                s = superpixels[r, c]
                _set_bias(objects, labels[r, c], p)
                _decoded_probability(logits, bands, probability[s], (r, c), p)
                labels[r, c] = objects[p.argmax()]
                count[s] += 1
                total = p.sum()
                for k in range(len(p)):
                    pooled[s, k] += p[k] / total


@njit(cache=True, nogil=True)
def _set_bias(objects, label, p):  # type: ignore[no-untyped-def]
    """Set the bias of the logit of each object at a pixel, in place."""
    bias = np.float32(FILTER_LOGIT)
    for k in range(1, len(p)):
        p[k] = bias if objects[k] == label else -bias


@njit(cache=True, nogil=True)
def _decoded_probability(  # type: ignore[no-untyped-def]
    logits, bands, coarse, pixel, p
):
    """Compute unnormalised probabilities of background and objects at a pixel.

    `p` holds the bias of the logit of each object, and is overwritten by the
    probabilities.
    """
    r, c = pixel
    p[0] = 1
    for k in range(len(p) - 1):
        bias, p[k + 1] = p[k + 1], coarse[k + 1]
        if bands[k, r // 2, c // 2]:
            logit = _sample(logits[k], bands[k], r, c) + bias
            p[k + 1] = np.float32(1) / (np.float32(1) + np.exp(-logit))
        p[0] *= np.float32(1) - p[k + 1]


@njit(cache=True, nogil=True)
def _sample(logits, band, r, c):  # type: ignore[no-untyped-def]
    """Interpolate a map at stride 2 at a pixel, from neighbours inside the band."""
    i, j = r // 2, c // 2
    a = min(max(i + 2 * (r % 2) - 1, 0), logits.shape[0] - 1)
    b = min(max(j + 2 * (c % 2) - 1, 0), logits.shape[1] - 1)
    centre = logits[i, j]
    vertical = logits[a, j] if band[a, j] else centre
    horizontal = logits[i, b] if band[i, b] else centre
    diagonal = logits[a, b] if band[a, b] else centre
    near = np.float32(0.75) * centre + np.float32(0.25) * horizontal
    far = np.float32(0.75) * vertical + np.float32(0.25) * diagonal
    return np.float32(0.75) * near + np.float32(0.25) * far
