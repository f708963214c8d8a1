"""Label images of moving objects, some of which disappear and reappear."""

import numpy as np

from napari_gnn_vos.io.formats.tiff_labels import Placement
from napari_gnn_vos.io.formats.video_labels import VideoLabels

NAMES = {1: "Bär <1>", 2: "cup & saucer", 7: "cup & saucer"}
COLOURS = {1: (255, 90, 95), 2: (46, 196, 182), 7: (10, 20, 30)}


def moving_squares(frames=6, shape=(24, 30), dtype=np.uint8, last=7):
    """Object 1 is always visible, 2 only in frames 1 and 4, `last` from frame 2."""
    labels = np.zeros((frames, *shape), dtype)
    for t in range(frames):
        start = t % (shape[1] - 10)
        labels[t, 2:8, start : start + 6] = 1
        labels[t, 3, start + 1] = 0  # a hole
        if t in (1, 4):
            labels[t, 12:20, 20:25] = 2
        if t >= 2:
            labels[t, 10:24, 0:3] = last
    return labels


def video_labels(**options):
    return VideoLabels(moving_squares(), NAMES, COLOURS, **options)


def placement(units=("second", "micrometer", "micrometer", "micrometer")):
    """Place labels of (t, z, y, x) in the viewer."""
    return Placement(
        time=0,
        row=2,
        col=3,
        scale=[30, 2, 0.5, 0.25],
        translate=[0, 9, 7, 3],
        rotate=np.eye(4).tolist(),
        shear=np.eye(4).tolist(),
        affine=np.eye(5).tolist(),
        axis_labels=("t", "z", "y", "x"),
        units=units,
    )
