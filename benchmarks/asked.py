"""What scripts that play sequences of DAVIS are asked for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from napari_gnn_vos import Config, drain
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos


def arguments(about: str) -> argparse.ArgumentParser:
    """Understand which sequences are to be played; `about` begins with a line on it."""
    read = argparse.ArgumentParser(description=about.splitlines()[0])
    read.add_argument("--davis", type=Path, required=True)
    read.add_argument("--sequences", required=True)
    read.add_argument("--cache", type=Path, required=True)
    return read


def each(asked: argparse.Namespace, config: Config) -> Iterator[LabelledVideo]:
    """Open the sequences, one after the other, prepared with some settings."""
    for name in sequences(asked.davis, asked.sequences):
        yield from drain(open_davis_videos(asked.davis, [name], config, asked.cache))
