"""Command-line options of the benchmarks on DAVIS sequences."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from napari_gnn_vos import Config, drain
from napari_gnn_vos.io.davis import sequences
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos


def davis_parser(description: str) -> argparse.ArgumentParser:
    """Create a parser with the options for sequences."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--davis", type=Path, required=True, help="DAVIS layout")
    parser.add_argument("--sequences", required=True, help="names or a list file")
    parser.add_argument("--cache", type=Path, required=True, help="prepared graphs")
    return parser


def open_sequences(
    options: argparse.Namespace, config: Config
) -> Iterator[LabelledVideo]:
    """Open the selected sequences one by one, prepared with the settings."""
    for name in sequences(options.davis, options.sequences):
        yield from drain(
            open_davis_videos(options.davis, [name], config, options.cache)
        )
