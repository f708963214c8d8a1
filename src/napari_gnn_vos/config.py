"""Settings: frozen, checked, read from and written to TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from napari_gnn_vos.errors import SettingsError


class Settings(BaseModel):
    """Base of all settings: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Quality = Literal["fast", "balanced", "best"]


class SuperpixelSettings(Settings):
    """How a frame is cut into superpixels."""

    method: Literal["merge", "watershed", "slic"] = Field(
        "merge", description="Over-segmentation; `gnn-vos ceiling` compares them."
    )
    per_frame: int = Field(
        880,
        ge=16,
        le=60_000,
        description="Superpixels a frame to aim for, at balanced quality.",
    )


class EdgeSettings(Settings):
    """Which superpixels of consecutive frames are joined."""

    least_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Flow must carry this share of either superpixel to the other.",
    )


class PrepareSettings(Settings):
    """Everything the prepared graph depends on."""

    flow: Literal["dis"] = Field("dis", description="Optical flow.")
    backbone: str = Field(
        "mobilenetv2", description="Features of the label model; see model/registry."
    )
    denoise: bool = Field(
        True, description="Take the noise out of noisy frames (non-local means)."
    )
    superpixels: SuperpixelSettings = SuperpixelSettings()
    edges: EdgeSettings = EdgeSettings()
    quality: Quality = Field(
        "balanced", description="Of flow and superpixels: what more time is given to."
    )

    def digest(self) -> str:
        """Short digest of all settings, part of the cache's key."""
        told = self.model_dump_json()
        return hashlib.sha256(told.encode()).hexdigest()[:12]


class SeedSettings(Settings):
    """How strokes become seeds (paper, III-C)."""

    per_label: PositiveInt = Field(100, description="Seeds a label and round.")
    background: int = Field(
        100, ge=0, description="Background seeds guessed in the first round."
    )
    alike: float = Field(
        0.25,
        ge=0,
        lt=1,
        description="Share of these left out, those most like the objects, where no "
        "background is drawn.",
    )
    clearance: PositiveFloat = Field(
        41.0, description="Pixels between these and the nearest stroke."
    )
    propagation_frames: int = Field(200, ge=0, description="Frames a seed may travel.")
    return_error: PositiveFloat = Field(
        2.0, description="Pixels a seed may miss itself by, there and back."
    )
    return_share: float = Field(
        0.1, ge=0, description="The same as a share of its motion, if that is more."
    )
    colour_change: PositiveFloat = Field(
        0.08, description="Change of colour, of its range, at which a seed stops."
    )


class LabelModelSettings(Settings):
    """The one-vs-rest logistic regression on appearance."""

    enabled: bool = Field(
        True, description="Fit it; if not, every label is as likely as not everywhere."
    )
    node_features: bool = Field(
        True,
        description="Use colour, occlusion and motion beside the deep features.",
    )
    strength: PositiveFloat = Field(
        0.01, description="Inverse of the regularisation, scikit-learn's C."
    )
    propagated_weight: PositiveFloat = Field(
        0.2, description="What a spread seed counts, beside 1 of a drawn one."
    )
    sliver: float = Field(
        1 / 7,
        ge=0,
        description="Size of a drawn superpixel, against the mean of its frame, below "
        "which it counts less; 0 lets all count.",
    )
    recompute_appearance: bool = Field(
        True,
        description="Parts of split superpixels look as their own pixels do: the "
        "backbone sees the frame again. If not, they look like the whole.",
    )


class Config(Settings):
    """All settings of a session."""

    prepare: PrepareSettings = PrepareSettings()
    seeds: SeedSettings = SeedSettings()
    label_model: LabelModelSettings = LabelModelSettings()
    refine: bool = Field(
        True, description="Follow image edges within superpixels (guided filter)."
    )

    @classmethod
    def at(cls, quality: str) -> Self:
        """Give the usual settings, with frames prepared at another quality.

        Raises
        ------
        SettingsError
            If there is no such quality.
        """
        try:
            return cls.model_validate({"prepare": {"quality": quality}})
        except ValidationError as error:
            raise SettingsError(
                f"The quality must be one of {get_args(Quality)}, not {quality!r}."
            ) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file.

        Raises
        ------
        SettingsError
            If the file is missing, no TOML, or holds an unknown or wrong setting.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise SettingsError(
                f"{path} must be a TOML file with the settings of gnn-vos: {error}"
            ) from error

    def write(self, path: Path) -> None:
        """Write a TOML file that `read` reads again."""
        path.write_text("\n".join(_toml_lines(self.model_dump())) + "\n", "utf-8")


def _toml_lines(settings: dict[str, Any], table: str = "") -> Iterator[str]:
    """Lines of a table: its values first, then the tables within.

    JSON writes strings, numbers and booleans as TOML does, but for one character.
    """
    inner = {name: value for name, value in settings.items() if isinstance(value, dict)}
    for name, value in settings.items():
        if name not in inner:
            text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            yield f"{name} = {text}"
    for name, value in inner.items():
        yield f"\n[{table}{name}]"
        yield from _toml_lines(value, f"{table}{name}.")
