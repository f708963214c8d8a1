"""Labels diffused over the whole graph: reach beyond the network's hops.

Every superpixel takes the mean of its neighbours and of what the label model says of
it; seeds are held. This is one sparse, positive definite system of equations.

X. Zhu et al., "Semi-Supervised Learning Using Gaussian Fields and Harmonic Functions",
ICML 2003; L. Grady, "Random Walks for Image Segmentation", PAMI 2006.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_gnn_vos.interact.marks import NOTHING, Marks
from napari_gnn_vos.structures.video_graph import Graph

F32 = NDArray[np.float32]
PRIOR = 0.02
"""Weight of the label model against the ties to the neighbours."""
DRAWN, SPREAD = 50.0, 1.0
"""Weight of a drawn and of a spread seed."""
WITHIN, BETWEEN = 0.3, 1.0
"""Strength of ties within a frame and between frames."""
STEPS = 60
"""Conjugate gradient steps at most; the answer is good to about 0.01."""


class Diffusion:
    """The graph's ties as a sparse matrix, made once a graph.

    Parameters
    ----------
    graph : Graph
        N superpixels.
    """

    def __init__(self, graph: Graph) -> None:
        n = int(graph.first[-1])
        column = {name: k for k, name in enumerate(graph.links.names)}
        links = graph.links.values
        look = links[:, column["far_l"] : column["far_b"] + 1].sum(axis=1)
        look = look + links[:, column["far_motion_next"]]
        touches = links[:, column["touches"]]
        share = np.maximum(
            links[:, column["share_out"]], links[:, column["share_back"]]
        )
        rim = np.maximum(
            links[:, column["border_out"]], links[:, column["border_back"]]
        )
        strength = np.exp(-1.5 * look) * (
            WITHIN * touches * rim * 4 + BETWEEN * (1 - touches) * share
        )
        source, target = graph.edges
        start = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=n))])
        self._ties = csr_array(
            (strength.astype(np.float32), source, start.astype(np.int32)), (n, n)
        )
        self._degree = np.asarray(self._ties.sum(axis=1)).ravel().astype(np.float32)

    def __call__(self, marks: Marks, label: int, prior: F32) -> F32:
        """Diffuse one label against the rest.

        Parameters
        ----------
        marks : Marks
            What is known.
        label : int
        prior : (N,) ndarray of float32
            Probability of the label by the label model.

        Returns
        -------
        probability : (N,) ndarray of float32
        """
        pull = np.full(len(prior), PRIOR, np.float32)
        goal = prior * PRIOR
        for known, weight in ((marks.drawn, DRAWN), (marks.spread, SPREAD)):
            pull[known != NOTHING] += weight
            goal[known == label] += weight
        return np.clip(self._solve(self._degree + pull, goal, prior), 0, 1)

    def _solve(self, diagonal: F32, goal: F32, guess: F32) -> F32:
        """Conjugate gradients with the diagonal as preconditioner."""
        x = guess.astype(np.float32)
        r = goal - (diagonal * x - self._ties @ x)
        z = r / diagonal
        p, rz = z, float(r @ z)
        target = 1e-6 * max(float(goal @ (goal / diagonal)), 1e-12)
        for _ in range(STEPS):
            if rz < target:
                break
            q = diagonal * p - self._ties @ p
            step = rz / float(p @ q)
            x = x + np.float32(step) * p
            r = r - np.float32(step) * q
            z = r / diagonal
            rz, before = float(r @ z), rz
            p = z + np.float32(rz / before) * p
        return x
