"""J by round of videos that are as noisy as those of a dim camera.

python benchmarks/noise.py --davis ROOT --sequences LIST --cache FOLDER

Every frame gets white noise of its own; then the same noise is left in. Without --davis
it is a made time lapse of cells that look alike, with shot noise.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos import Config, Video, drain, load_model, start
from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.io.davis import read_davis, sequences
from napari_gnn_vos.io.simulated_cells import simulate_cells
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

U8 = NDArray[np.uint8]
PHOTONS = (15, 60, 200)
"""Of the brightest cells, a pixel."""


def main() -> None:
    """Play every video with and without its noise taken out, and print the means."""
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--davis", type=Path)
    read.add_argument("--sequences", default="")
    read.add_argument("--cache", type=Path)
    read.add_argument("--rounds", type=int, default=4)
    read.add_argument("--noise", type=float, default=15.0, help="Width, of 255.")
    asked, model = read.parse_args(), load_model(device="cpu")
    for what, videos in _videos(asked):
        for denoise in (True, False):
            config = Config(prepare=PrepareSettings(denoise=denoise))
            js = []
            for video, truth in videos:
                session = drain(start(video, config, asked.cache))
                rng = np.random.default_rng(0)
                work = session, truth, SimulatedAnnotator(), model
                scores = run_rounds(*work, rounds=asked.rounds, rng=rng)
                js.append([score.j.mean(axis=0) for _, score in scores])
            mean = np.concatenate(js, axis=1).mean(axis=1)
            how = "noise taken out" if denoise else "noise left in"
            print(f"{what}, {how}: {' '.join(f'{j:.3f}' for j in mean)}", flush=True)


def _videos(asked: argparse.Namespace) -> Iterator[tuple[str, list[tuple[Video, U8]]]]:
    if asked.davis is None:
        for photons in PHOTONS:
            yield (
                f"{photons} photons",
                [simulate_cells(seed, photons, 6) for seed in range(3)],
            )
        return
    names = sequences(asked.davis, asked.sequences)
    noise = asked.noise
    yield f"noise {noise:g}", [_noisy(asked.davis, name, noise) for name in names]


def _noisy(davis: Path, name: str, noise: float) -> tuple[Video, U8]:
    video, truth = read_davis(davis, name)
    rng = np.random.default_rng(0)
    frames = np.empty((*video.shape, 3), np.uint8)
    for t, frame in enumerate(frames):
        picture = video.rgb(t)
        frame[:] = np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255)
    return Video.from_array(frames, name), truth


if __name__ == "__main__":
    main()
