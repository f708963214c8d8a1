"""Immutable, validated settings, stored as TOML."""

from __future__ import annotations

import hashlib
import tomllib
from os import PathLike
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import (
    AliasChoices,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
)

from napari_gnn_vos.arguments import file_path, validated
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.settings import Settings as Settings
from napari_gnn_vos.settings import toml_lines
from napari_gnn_vos.storage import atomic_write, refuse_special_file

MAX_BYTES = 2**20
"""Bytes of a file of settings that are read."""


Quality = Literal["fast", "balanced", "best"]
Refine = Literal["decoder", "guided", "none"]


class SuperpixelSettings(Settings):
    """Superpixel segmentation of the frames."""

    method: Literal["merge", "watershed", "slic"] = Field(
        "merge", description="Superpixel method; `gnn-vos ceiling` compares them."
    )
    per_frame: int = Field(
        880,
        ge=16,
        le=60_000,
        description="Approximate number of superpixels per frame at balanced quality.",
    )


class EdgeSettings(Settings):
    """Edges between superpixels of consecutive frames."""

    least_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Smallest share of the pixels of a superpixel that optical flow "
        "maps into the other superpixel of an edge, in either direction.",
    )


class PrepareSettings(Settings):
    """All settings that determine the prepared graph."""

    flow: Literal["dis"] = Field("dis", description="Optical flow method.")
    backbone: str = Field(
        "mobilenetv2",
        description="Weights of the backbone that computes appearance features: "
        "'mobilenetv2', which is bundled, or 'torchvision'.",
    )
    denoise: bool = Field(True, description="Denoise noisy frames by non-local means.")
    max_pixels: int = Field(
        1_000_000,
        ge=4096,
        description="Larger frames are reduced to about this number of pixels for "
        "superpixels, optical flow and features. Labels have the resolution of the "
        "video.",
    )
    superpixels: SuperpixelSettings = SuperpixelSettings()
    edges: EdgeSettings = EdgeSettings()
    quality: Quality = Field(
        "balanced",
        description="Quality of optical flow and superpixels; higher takes longer. At "
        "best, boundaries of any number of objects are decoded.",
    )

    def digest(self) -> str:
        """Return a short hash of the settings, part of the cache key.

        `max_pixels` is not included: the key contains the size of reduced frames.
        """
        text = self.model_dump_json(exclude={"max_pixels"})
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class SeedSettings(Settings):
    """Sampling and propagation of seeds (paper, section III-C)."""

    per_label: PositiveInt = Field(
        100, description="Seeds sampled per label and round."
    )
    background: int = Field(
        100,
        ge=0,
        description="Background seeds sampled far from the strokes in the first round.",
    )
    excluded_share: float = Field(
        0.25,
        ge=0,
        lt=1,
        validation_alias=AliasChoices("excluded_share", "alike"),
        description="Share of these seeds that is excluded if no background is drawn: "
        "the ones most similar to the objects.",
    )
    clearance: PositiveFloat = Field(
        41.0, description="Distance of these seeds to the nearest stroke, in pixels."
    )
    propagation_frames: int = Field(
        200,
        ge=0,
        description="Number of frames a seed is propagated, forward and backward.",
    )
    return_error: PositiveFloat = Field(
        2.0,
        description="Largest forward-backward error of a propagated seed, in pixels.",
    )
    return_share: float = Field(
        0.1,
        ge=0,
        description="Largest forward-backward error as a share of the "
        "motion; the larger limit applies.",
    )
    colour_change: PositiveFloat = Field(
        0.08,
        description="Colour change that ends the propagation of a seed, as a "
        "share of the colour range.",
    )


class LabelModelSettings(Settings):
    """Label model: one classifier per label against the rest."""

    enabled: bool = Field(
        True,
        description="Fit the label model. If false, its probability is 0.5 everywhere.",
    )
    node_features: bool = Field(
        True,
        description="Use colour, occlusion and motion beside the appearance while a "
        "single object is annotated: they separate an object from the background, but "
        "not objects from each other.",
    )
    inverse_regularization: PositiveFloat = Field(
        0.1,
        validation_alias=AliasChoices("inverse_regularization", "strength"),
        description="Inverse regularisation strength, C of scikit-learn.",
    )
    node_features_inverse_regularization: PositiveFloat = Field(
        0.01, description="The same where node features are used."
    )
    projection: str = Field(
        "feature-projection",
        description="Learned projection of the label model's inputs while a single "
        "object is annotated: 'feature-projection', which ships with the package, a "
        ".safetensors file, or '' for a logistic regression without a projection.",
    )
    propagated_weight: PositiveFloat = Field(
        0.2,
        description="Sample weight of a propagated seed; a drawn seed has weight 1.",
    )
    small_superpixel: float = Field(
        1 / 7,
        ge=0,
        validation_alias=AliasChoices("small_superpixel", "sliver"),
        description="Area of a drawn superpixel, relative to the mean of its frame, "
        "below which its sample weight is reduced. 0 disables this.",
    )
    recompute_appearance: bool = Field(
        True,
        description="Compute the appearance of the parts of a split superpixel from "
        "their own pixels. If false, the parts share the appearance of the whole.",
    )
    group_similar_objects: bool = Field(
        True,
        description="Predict objects that the label model confuses, such as cells, as "
        "one object, and track which is which from the strokes.",
    )

    def for_objects(self, count: int) -> Self:
        """Return the settings that apply while `count` objects are annotated.

        Returns
        -------
        settings : LabelModelSettings
            `node_features`, `projection` and `inverse_regularization` are those of
            the fit.
        """
        if not (self.node_features and count == 1):
            return self.model_copy(update={"node_features": False, "projection": ""})
        strength = self.node_features_inverse_regularization
        return self.model_copy(update={"inverse_regularization": strength})


class Config(Settings):
    """All settings of an annotation session."""

    prepare: PrepareSettings = PrepareSettings()
    seeds: SeedSettings = SeedSettings()
    label_model: LabelModelSettings = LabelModelSettings()
    refine: Refine = Field(
        "decoder",
        description="How labels of superpixels become labels of pixels: a boundary "
        "decoder (convolutional network; for small or thin objects, and below quality "
        "best for more than three objects, the guided filter), a guided filter "
        "(faster), or not at all.",
    )
    decoder: str = Field(
        "boundary-decoder",
        description="Weights of the boundary decoder: 'boundary-decoder', which ships "
        "with the package, or a .safetensors file.",
    )
    identity_labelling: bool = Field(
        True,
        description="Predict several objects as one, too, and decide which of them a "
        "superpixel belongs to by a harmonic labelling inside the objects. If false, "
        "each object is predicted against the rest only, which is faster.",
    )
    coarse_to_fine: bool = Field(
        True,
        description="Split superpixels along the predicted boundaries after each "
        "round. The next round is more precise and takes longer.",
    )
    refined_previous: bool = Field(
        False,
        description="The next round uses the result of the boundary decoder, averaged "
        "over superpixels, as its previous prediction, instead of the output of the "
        "network.",
    )

    @field_validator("refine", mode="before")
    @classmethod
    def _refine_of_version_0_1(cls, value: object) -> object:
        """Read true and false, which earlier versions wrote."""
        if isinstance(value, bool):
            return "guided" if value else "none"
        return value

    def with_projection(self, projection: str) -> Self:
        """Return the settings with another feature projection of the label model.

        Parameters
        ----------
        projection : str
            See `LabelModelSettings.projection`.
        """
        label_model = self.label_model.model_copy(update={"projection": projection})
        return self.model_copy(update={"label_model": label_model})

    @classmethod
    def at(cls, quality: str) -> Self:
        """Return the default settings with the given preparation quality.

        Raises
        ------
        SettingsError
            If the quality is unknown.
        """
        try:
            return cls.model_validate({"prepare": {"quality": quality}})
        except ValidationError as error:
            raise SettingsError(
                f"The quality must be one of {get_args(Quality)}, not {quality!r}."
            ) from error

    @classmethod
    @validated(path=file_path)
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read the settings from a TOML file.

        Raises
        ------
        SettingsError
            If the file is missing or not TOML, or has an unknown or invalid setting.
        """
        path = Path(path)
        try:
            refuse_special_file(path)
            with path.open("rb") as file:
                text = file.read(MAX_BYTES).decode()
            return cls.model_validate(tomllib.loads(text))
        except (OSError, ValueError, RecursionError) as error:
            raise SettingsError(
                f"{path} must be a TOML file with the settings of gnn-vos: {error}"
            ) from error

    @validated(path=file_path)
    def write(self, path: str | PathLike[str]) -> None:
        """Write the settings to a TOML file for `read`.

        Raises
        ------
        ReadError
            If the file cannot be written.
        """
        text = "\n".join(toml_lines(self.model_dump())) + "\n"
        try:
            atomic_write(Path(path), text.encode())
        except (OSError, ValueError) as error:
            raise ReadError(
                f"The settings cannot be written to {path}: {error}. Choose another "
                "location, or check the free space and the permissions."
            ) from error
