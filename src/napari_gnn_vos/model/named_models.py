"""Named models: files, cards and checksums, without loading any weights.

Bundled models ship with the package. A fine-tuned model is a folder of the user's data
folder with the weights of its networks and its feature projection, and a card.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.storage import require_writable_folder

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT = "gatedgcn"
BUNDLED = (DEFAULT, "gatedgcn-small")
"""Models that ship with the package, each with weights for one and several objects."""
NETWORK, SEVERAL = "network.safetensors", "network-several.safetensors"
PROJECTION, CARD = "feature-projection.safetensors", "card.json"
VALID_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
MAX_CARD_BYTES = 2**20


class ClipRecord(BaseModel):
    """Frames of a video that a model was trained on or evaluated on."""

    model_config = ConfigDict(frozen=True)

    video: str
    first: int
    frames: int
    labelled: int


class ModelCard(BaseModel):
    """Model card of a fine-tuned model: training data, and J on held-out frames.

    Parameters
    ----------
    base, base_sha256 : str
        Name and checksum of the model that the training started from.
    created : str
        Date and time, ISO 8601.
    trained_on, held_out : tuple of ClipRecord
    network : {"one", "several"}
        The network that was trained: for a single object or group of similar objects,
        or for several objects.
    j_before, j_after : tuple of float
        Mean J on the held-out frames after each round.
    seconds : float
        Time of the training.
    settings : dict
    created_by : str
    """

    model_config = ConfigDict(frozen=True)

    base: str
    base_sha256: str
    created: str
    trained_on: tuple[ClipRecord, ...]
    held_out: tuple[ClipRecord, ...]
    network: str
    j_before: tuple[float, ...]
    j_after: tuple[float, ...]
    seconds: float
    settings: dict[str, float]
    created_by: str


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Weights of a model.

    Parameters
    ----------
    name : str
    network, multi_object : Path
        Checkpoints for one and for several objects.
    projection : Path or None
        Feature projection; None for the one that ships with the package.
    """

    name: str
    network: Path
    multi_object: Path
    projection: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files of the model."""
        files = self.network, self.multi_object, self.projection
        return tuple(path for path in files if path is not None)

    @property
    def sha256(self) -> str:
        """Checksum of all weights."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def models_folder() -> Path:
    """Return the folder of the user's models, which may not exist."""
    return Path(user_data_path("napari-gnn-vos")) / "models"


def model_names() -> tuple[str, ...]:
    """Return the names of all models: bundled ones, then the user's in order."""
    folder = models_folder()
    cards = sorted(folder.glob(f"*/{CARD}")) if folder.is_dir() else []
    return (*BUNDLED, *(card.parent.name for card in cards))


def find_model(name: str) -> ModelFiles:
    """Find the files of a model.

    Raises
    ------
    SettingsError
        If no model has this name.
    """
    if name not in model_names():
        raise SettingsError(
            f"The model must be one of {list(model_names())}, or a .safetensors file; "
            f"{name!r} is neither."
        )
    bundled = WEIGHTS / f"{name}.safetensors", WEIGHTS / f"{name}-several.safetensors"
    if name in BUNDLED:
        return ModelFiles(name, *bundled)
    folder = models_folder() / name
    return ModelFiles(name, folder / NETWORK, folder / SEVERAL, folder / PROJECTION)


def read_card(name: str) -> ModelCard:
    """Read the card of a fine-tuned model.

    Raises
    ------
    ReadError
        If it is missing or damaged.
    """
    path = models_folder() / name / CARD
    try:
        with path.open("rb") as file:
            return ModelCard.model_validate_json(file.read(MAX_CARD_BYTES))
    except (OSError, ValidationError) as error:
        raise ReadError(
            f"Expected the card of a model in {path}; it is missing or damaged "
            f"({error}). Train the model again."
        ) from error


def require_free_name(name: str, *, overwrite: bool = False) -> None:
    """Check that a name is valid and free for a new model.

    Raises
    ------
    SettingsError
        If the name is not valid, bundled, or taken and `overwrite` is false.
    ReadError
        If nothing can be written to the folder of models.
    """
    if not VALID_NAME.fullmatch(name) or name[-1] in " .":
        raise SettingsError(
            "The name of a model has up to 64 letters, digits, spaces and . _ -; got "
            f"{name!r}. Choose another name."
        )
    if name.lower() in BUNDLED:
        raise SettingsError(f"{name!r} ships with the package. Choose another name.")
    if (models_folder() / name).exists() and not overwrite:
        raise SettingsError(
            f"There is a model {name!r}. Choose another name, or replace it."
        )
    require_writable_folder(models_folder())


def save_model(
    name: str, write: Callable[[Path], object], card: ModelCard, *, overwrite: bool
) -> Path:
    """Write a model; nothing is left behind if it fails.

    Parameters
    ----------
    name : str
    write : callable
        Writes `NETWORK`, `SEVERAL` and `PROJECTION` into a folder.
    card : ModelCard
    overwrite : bool
        Replace a model of this name.

    Returns
    -------
    folder : Path

    Raises
    ------
    SettingsError, ReadError
        See `require_free_name`.
    """
    require_free_name(name, overwrite=overwrite)
    folder = models_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".new-", dir=folder.parent))
        try:
            write(temporary)
            (temporary / CARD).write_text(card.model_dump_json(indent=1), "utf-8")
            if folder.exists():
                shutil.rmtree(folder)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ReadError(
            f"The model cannot be written to {folder}: {error}. Free disk space, or "
            "check the permissions."
        ) from error
    return folder
