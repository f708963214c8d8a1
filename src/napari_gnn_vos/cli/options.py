"""Arguments and options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from platformdirs import user_cache_path

from napari_gnn_vos.config import Config, Refine
from napari_gnn_vos.errors import GnnVosError, SettingsError


def _parse_path(text: str) -> Path:
    """Parse a local path; ``~`` is the home folder."""
    if not str(text) or "\0" in str(text):
        raise typer.BadParameter("Expected a file or a folder; got an empty path.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # no such user
        raise typer.BadParameter(f"{text}: {error} Give the full path.") from error


def path_argument(metavar: str, help: str) -> Any:  # noqa: A002
    """Return a Typer argument that is a local path."""
    return typer.Argument(metavar=metavar, help=help, parser=_parse_path)


def path_option(help: str, *names: str) -> Any:  # noqa: A002
    """Return a Typer option that is a local path."""
    return typer.Option(*names, metavar="PATH", help=help, parser=_parse_path)


Davis = Annotated[Path, path_option("Dataset folder in DAVIS layout.")]
Sequences = Annotated[
    str,
    typer.Option(
        help="Sequence names separated by commas, or a text file with one per line."
    ),
]
VideoFile = Annotated[
    Path, path_argument("VIDEO", "Movie, TIFF stack, array, or folder of frames.")
]
Videos = Annotated[
    list[Path],
    path_argument("VIDEOS", "Movies, TIFF stacks, arrays or folders of frames."),
]
ModelName = Annotated[
    str, typer.Option(help="Name of a model, or path of a safetensors file.")
]
Json = Annotated[Path | None, path_option("Output file for all results, JSON.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Run on a Dask cluster: address of its scheduler, such as "
        "tcp://host:8786, or `local` for one process per core on this machine."
    ),
]


def _parse_cache(text: str) -> Path:
    """Parse the value of --cache."""
    from napari_gnn_vos.storage import storage_path

    if "://" not in str(text):
        return _parse_path(text)
    try:
        return storage_path(str(text))
    except GnnVosError as error:
        raise typer.BadParameter(str(error)) from error


Cache = Annotated[
    Path,
    typer.Option(
        parser=_parse_cache,
        metavar="FOLDER",
        help="Folder for prepared graphs, or a URL such as s3://bucket/graphs.",
    ),
]
QualityOption = Annotated[
    str | None,
    typer.Option(
        help="Quality of the preparation: fast, balanced (default) or best; higher "
        "takes longer."
    ),
]
SettingsFile = Annotated[
    Path | None,
    path_option(
        "TOML file with settings of a session; --quality takes precedence over it."
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Format of the output, such as coco or ctc; by default, the suffix of the "
        "output selects it.",
    ),
]
Overwrite = Annotated[bool, typer.Option(help="Replace existing output.")]
Device = Annotated[str, typer.Option(help="Device: auto, cpu, cuda or mps.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random generator.")]
Rounds = Annotated[int, typer.Option(min=1, help="Annotation rounds per sequence.")]
Composed = Annotated[
    Path | None,
    path_option("Output folder of `gnn-vos compose`, whose scenes are also used."),
]
CACHE = user_cache_path("napari-gnn-vos")


def session_config(settings: Path | None, quality: str | None) -> Config:
    """Read the settings of a session from a file, and set the quality.

    Parameters
    ----------
    settings : Path, optional
        TOML file; the default settings without it.
    quality : str, optional
        Quality of the preparation; that of the file without it.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting or the quality is invalid.
    """
    config = Config() if settings is None else Config.read(settings)
    if quality is None:
        return config
    level = Config.at(quality).prepare.quality
    prepare = config.prepare.model_copy(update={"quality": level})
    return config.model_copy(update={"prepare": prepare})


def config_with(refine: str) -> Config:
    """Return the default settings with a refinement of boundaries.

    Raises
    ------
    SettingsError
        If there is no such refinement.
    """
    if refine not in get_args(Refine):
        raise SettingsError(
            f"Expected {', '.join(get_args(Refine))} as --refine; got {refine}."
        )
    return Config.model_validate({"refine": refine})
