"""Label a 16-bit time lapse that is a dask array: frames are computed when needed."""

import dask.array as da
import numpy as np

from napari_gnn_vos import Scribble, Video, annotate, drain, load_model, predict, start
from napari_gnn_vos.io.samples.simulated_cells import simulate_cells

cells, truth = simulate_cells()
lazy = da.from_array(np.stack([cells.raw(t) for t in range(8)]), chunks=(1, -1, -1))

# Any object with shape, dtype and indexing by frame: numpy, dask, zarr, tifffile.
# The display range is computed once for the whole video; noisy frames are denoised.
video = Video.from_array(lazy, "cells")
print(f"{video.shape} frames of {lazy.dtype}, display range {video.limits}")

label = 1
row, column = np.argwhere(truth[0] == label).mean(axis=0)
scribbles = [
    Scribble(0, label, [[row - 4, column], [row + 4, column]]),
    *(
        Scribble(0, 0, [np.argwhere(truth[0] == other).mean(axis=0)])
        for other in range(2, truth.max() + 1)
    ),
]
session = annotate(drain(start(video)), scribbles, rng=np.random.default_rng(0))
session = drain(predict(session, load_model()))

areas = (session.labels == 1).sum(axis=(1, 2))
print("Area of the cell in pixels, by frame:", areas)
assert (areas > 0).all()
