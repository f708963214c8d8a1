"""A label format: its suffixes, its writer and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from napari_gnn_vos.errors import SettingsError, missing_package
from napari_gnn_vos.io.formats.video_labels import MAX_LABEL, VideoLabels


def _any_path(_path: Path) -> bool:
    return True


@dataclass(frozen=True)
class LabelFormat:
    """A file format of label images.

    Parameters
    ----------
    name : str
        For ``--format``.
    description : str
        Content and programs that open it, for documentation and file dialogs.
    suffixes : tuple of str
        Suffixes of files, in lower case; empty for a folder.
    write : callable
        Writes labels to a path and returns the number of frames.
    read : callable or None
        Returns the labels of a path; None for formats without masks.
    patterns : tuple of str
        Glob patterns of the files of a folder that an export replaces.
    recognizes : callable
        Returns whether an existing path with this suffix has this format.
    uses : tuple of str
        Optional fields of `VideoLabels` that change the output, besides names and
        colours.
    requires_image : bool
        Whether the frames of the video are necessary.
    max_label : int
        Largest label that can be stored.
    package : str
        Optional package that writes the format, if any.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    write: Callable[[VideoLabels, Path], int]
    read: Callable[[Path], VideoLabels] | None = None
    patterns: tuple[str, ...] = ()
    recognizes: Callable[[Path], bool] = _any_path
    uses: tuple[str, ...] = ()
    requires_image: bool = False
    max_label: int = MAX_LABEL
    package: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether the output is a folder whose other files are kept."""
        return not self.suffixes

    @property
    def is_file(self) -> bool:
        """Whether the output is a single file, not a folder or a zarr group."""
        return bool(self.suffixes) and ".zarr" not in self.suffixes

    def require_package(self) -> None:
        """Check that the package of the format is installed.

        Raises
        ------
        SettingsError
            If it is not.
        """
        if self.package and find_spec(self.package) is None:
            raise SettingsError(
                missing_package(f"The format {self.name}", self.package)
            )

    def accepts(self, path: Path) -> bool:
        """Return whether a path has a suffix of this format."""
        if self.is_folder:
            return (
                path.is_dir() and path.suffix.lower() != ".zarr"
            ) or not _has_suffix(path)
        return path.name.lower().endswith(self.suffixes)


def _has_suffix(path: Path) -> bool:
    """Return whether a name ends in a suffix; a number is not a suffix."""
    return bool(path.suffix) and not path.suffix[1:].isdigit()
