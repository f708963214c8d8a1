"""Command line interface: one function per command."""

from napari_gnn_vos.cli import fine_tuning, label, learn, measure, open  # noqa: A004
from napari_gnn_vos.cli.app import app

__all__ = ["app", "fine_tuning", "label", "learn", "measure", "open"]
