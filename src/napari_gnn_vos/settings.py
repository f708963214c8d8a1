"""Base class of settings, and their notation in TOML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_gnn_vos.errors import SettingsError


class Settings(BaseModel):
    """Base class of all settings: immutable, unknown fields are refused.

    Raises
    ------
    SettingsError
        If a setting is unknown or invalid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    if not TYPE_CHECKING:  # type checkers derive the arguments from the fields

        def __init__(self, **settings: Any) -> None:
            try:
                super().__init__(**settings)
            except ValidationError as error:
                raise SettingsError(
                    f"{type(self).__name__} has an unknown or invalid setting: {error}"
                ) from error


def toml_lines(settings: dict[str, Any], table: str = "") -> Iterator[str]:
    """Yield the lines of a TOML table: its values, then its nested tables.

    JSON and TOML share the syntax of strings, numbers and booleans, except that TOML
    requires the character U+007F to be escaped.
    """
    inner = {name: value for name, value in settings.items() if isinstance(value, dict)}
    for name, value in settings.items():
        if name not in inner:
            text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            yield f"{name} = {text}"
    for name, value in inner.items():
        yield f"\n[{table}{name}]"
        yield from toml_lines(value, f"{table}{name}.")
