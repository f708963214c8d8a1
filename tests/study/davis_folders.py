"""Small data sets in DAVIS layout."""

import json

import numpy as np
from PIL import Image

from tests.scenes import moving_square, two_squares

SCENES = {"one": moving_square, "two": two_squares}
FRAMES = 4


def davis_folder(root):
    """Write two sequences: "one" has one object, "two" has two."""
    for name, scene in SCENES.items():
        video, truth = scene(FRAMES)
        frames, masks = folders(root, name)
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for t, mask in enumerate(truth):
            Image.fromarray(video.rgb(t)).save(frames / f"{t:05d}.jpg", quality=95)
            Image.fromarray(mask).save(masks / f"{t:05d}.png")
    return root


def folders(root, name):
    return root / "JPEGImages/480p" / name, root / "Annotations/480p" / name


def write_human_scribbles(folder, name, strokes):
    """Write strokes on frame 0, (row, col) points by label, in the format of DAVIS."""
    _, truth = SCENES[name](FRAMES)
    size = np.array(truth.shape[1:])
    first = [
        {"path": (np.array(path) / size)[:, ::-1].tolist(), "object_id": label}
        for label, path in strokes.items()
    ]
    (folder / name).mkdir(parents=True)
    scribbles = {"sequence": name, "scribbles": [first, *([[]] * (FRAMES - 1))]}
    (folder / name / "001.json").write_text(json.dumps(scribbles))


STROKES_ON_ONE = {1: [(18, 10), (27, 19)], 0: [(5, 5), (5, 58)]}
STROKES_ON_TWO = {1: [(8, 10), (16, 18)], 2: [(31, 46), (39, 54)]}
