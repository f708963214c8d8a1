"""J per round of noisy videos, with and without denoising.

python benchmarks/noise.py --davis ROOT --sequences LIST --cache FOLDER

Independent white noise is added to each frame. Without --davis, simulated time-lapse
microscopy of similar cells with shot noise is used.
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
from napari_gnn_vos.io.samples.simulated_cells import simulate_cells
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

U8 = NDArray[np.uint8]
PHOTONS = (15, 60, 200)
"""Photons per pixel of the brightest cells."""


def main() -> None:
    """Run all videos with and without denoising, and print the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--davis", type=Path)
    parser.add_argument("--sequences", default="")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--noise", type=float, default=15.0, help="standard deviation, of 255"
    )
    options, model = parser.parse_args(), load_model(device="cpu")
    for name, videos in _videos(options):
        for denoise in (True, False):
            config = Config(prepare=PrepareSettings(denoise=denoise))
            js = []
            for video, truth in videos:
                session = drain(start(video, config, options.cache))
                rng = np.random.default_rng(0)
                scores = run_rounds(
                    session,
                    truth,
                    SimulatedAnnotator(),
                    model,
                    rounds=options.rounds,
                    rng=rng,
                )
                js.append([score.j.mean(axis=0) for _, score in scores])
            mean = np.concatenate(js, axis=1).mean(axis=1)
            setting = "denoised" if denoise else "not denoised"
            print(
                f"{name}, {setting}: {' '.join(f'{j:.3f}' for j in mean)}", flush=True
            )


def _videos(
    options: argparse.Namespace,
) -> Iterator[tuple[str, list[tuple[Video, U8]]]]:
    if options.davis is None:
        for photons in PHOTONS:
            yield (
                f"{photons} photons",
                [simulate_cells(seed, photons, 6) for seed in range(3)],
            )
        return
    names = sequences(options.davis, options.sequences)
    noise = options.noise
    yield f"noise {noise:g}", [_noisy(options.davis, name, noise) for name in names]


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
