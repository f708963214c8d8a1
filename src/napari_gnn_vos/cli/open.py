"""Command that opens a project or a video in napari."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import path_argument
from napari_gnn_vos.cli.terminal import report_errors
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.storage import refuse_special_file


@app.command("open")
def open_in_napari(
    path: Annotated[
        Path, path_argument("PATH", "Project folder, .gnnvos file or video.")
    ],
) -> None:
    """Open a project or a video in napari, with the dock widget."""
    with report_errors():
        refuse_special_file(path)
        if not path.exists():
            raise ReadError(f"There is no {path}. Check the spelling.")
        if find_spec("napari") is None:
            raise SettingsError(
                "napari is not installed. Run `pip install 'napari-gnn-vos[all]'`."
            )
        plugin = "napari-gnn-vos"
        command = [sys.executable, "-m", "napari", str(path), "--plugin", plugin]
        status = subprocess.run([*command, "--with", plugin, "Annotate"], check=False)  # noqa: S603
    raise typer.Exit(status.returncode)
