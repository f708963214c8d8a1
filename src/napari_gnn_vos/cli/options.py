"""What several commands can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_cache_path

from napari_gnn_vos.errors import GnnVosError

Davis = Annotated[Path, typer.Option(help="Folder in DAVIS layout.")]
Sequences = Annotated[
    str, typer.Option(help="Names with commas between, or a file with one a line.")
]
VideoFile = Annotated[Path, typer.Argument(help="Movie, TIFF stack or frame folder.")]
Videos = Annotated[
    list[Path], typer.Argument(help="Movies, TIFF stacks or frame folders.")
]
ModelName = Annotated[str, typer.Option(help="Name, or a safetensors file.")]
Json = Annotated[Path | None, typer.Option(help="Where to write all figures.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Spread the work over a Dask cluster: its address, as tcp://host:8786, or "
        "`local` for a process a core."
    ),
]


def _place(text: str) -> Path:
    """Read the option --cache."""
    from napari_gnn_vos.io.storage import storage_path

    try:
        return storage_path(str(text))
    except GnnVosError as error:
        raise typer.BadParameter(str(error)) from error


Cache = Annotated[
    Path,
    typer.Option(
        parser=_place,
        metavar="FOLDER",
        help="Folder for prepared graphs, or an address as s3://bucket/graphs.",
    ),
]
HowWell = Annotated[str, typer.Option(help="fast, balanced or best.")]
CACHE = user_cache_path("napari-gnn-vos")
