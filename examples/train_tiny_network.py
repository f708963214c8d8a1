"""Train a tiny network on two synthetic videos in DAVIS layout, and use it.

`gnn-vos train` does the same with more steps on more sequences.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from napari_gnn_vos import (
    Config,
    Scribble,
    annotate,
    drain,
    load_model,
    predict,
    read_video,
    start,
)
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.study.training.train import train
from napari_gnn_vos.study.training.training_plan import TrainingPlan
from napari_gnn_vos.study.training.training_run import TrainSettings


def write_sequence(root, name, seed):
    """Write frames and masks of a scene in DAVIS layout."""
    video, truth = compose_scene(seed, frames=6, shape=(96, 160), objects=1)
    frames = root / "JPEGImages" / "480p" / name
    frames.mkdir(parents=True)
    for t in range(len(truth)):
        Image.fromarray(video.rgb(t)).save(frames / f"{t:05d}.jpg", quality=95)
    export_palette_pngs(truth, root / "Annotations" / "480p" / name)


with TemporaryDirectory() as folder:
    root = Path(folder)
    write_sequence(root / "davis", "train-scene", 0)
    write_sequence(root / "davis", "validation-scene", 1)
    settings = TrainSettings(
        steps=10, frames=4, rounds=2, pool=2, width=8, depth=2, validation_rounds=1
    )
    plan = TrainingPlan(
        train=((root / "davis", ("train-scene",)),),
        validation=((root / "davis", ("validation-scene",)),),
        cache=root / "cache",
        folder=root / "run",
        config=Config(),
        settings=settings,
    )
    drain(plan.prepare())
    checkpoint = train(plan(rank=0, world=1))
    print((root / "run" / "curve.csv").read_text())

    video = read_video(root / "davis" / "JPEGImages" / "480p" / "validation-scene")
    height, width = video.shape[1:]
    scribble = Scribble(0, 1, [[height / 2, width / 2]])
    session = drain(start(video, cache=root / "cache"))
    session = annotate(session, [scribble], rng=np.random.default_rng(0))
    session = drain(predict(session, load_model(checkpoint)))
    print(f"{session.prediction.model}: {session.labels.shape} labels")
