"""Sample videos that are downloaded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_gnn_vos.errors import ReadError


@dataclass(frozen=True, slots=True)
class Download:
    """A file at a URL whose content is known.

    Parameters
    ----------
    url : str
    sha256 : str
        Expected SHA-256 hash of the content.
    """

    url: str
    sha256: str

    def fetch(self) -> Path:
        """Download the file, unless it is in the cache.

        Returns
        -------
        path : Path
            In the user's cache, for :func:`napari_gnn_vos.io.read.read_video`.

        Raises
        ------
        ReadError
            If the download fails, or the content has another hash.
        """
        import pooch

        folder = pooch.os_cache("napari-gnn-vos")
        name, known_hash = self.url.rsplit("/", 1)[-1], f"sha256:{self.sha256}"
        try:
            path = pooch.retrieve(self.url, known_hash, fname=name, path=folder)
        except (OSError, ValueError) as error:  # network errors; a wrong hash
            raise ReadError(
                f"Downloading the sample from {self.url} failed: {error}. "
                f"Check the network and try again, or download the file to {folder}. "
                "The composed sample scene needs no download."
            ) from error
        return Path(path)


TIME_LAPSE = Download(
    "https://gitlab.com/scikit-image/data/-/raw/"
    "2cdc5ce89b334d28f06a58c9f0ca21aa6992a5ba/NPCsingleNucleus.tif",
    "a8e24e8d187f33e92ee28508d5615286c850ca75374af7e74e527d290e8b06ea",
)
"""Protein transport at the nuclear envelope of a cell, 15 frames with two channels:
``skimage.data.protein_transport``."""
FILM = Download(
    "https://raw.githubusercontent.com/imageio/imageio-binaries/"
    "40e8f791aef186e9f051d60a2a1ee17319190127/images/cockatoo.mp4",
    "5fde35f5a288ca86e216d2dc28188ab64b4560d3021f273faefdf0de80f38aa5",
)
"""A film of a cockatoo: ``imageio:cockatoo.mp4`` of the standard images of imageio."""
