"""A sample time lapse and a sample film that are downloaded once."""

from __future__ import annotations

from pathlib import Path

from napari_gnn_vos.errors import ReadError

CLIP_URL = (
    "https://gitlab.com/scikit-image/data/-/raw/"
    "2cdc5ce89b334d28f06a58c9f0ca21aa6992a5ba/NPCsingleNucleus.tif"
)
CLIP_SHA256 = "a8e24e8d187f33e92ee28508d5615286c850ca75374af7e74e527d290e8b06ea"
FILM_URL = (
    "https://raw.githubusercontent.com/imageio/imageio-binaries/"
    "40e8f791aef186e9f051d60a2a1ee17319190127/images/cockatoo.mp4"
)
FILM_SHA256 = "5fde35f5a288ca86e216d2dc28188ab64b4560d3021f273faefdf0de80f38aa5"


def fetch_clip(url: str = CLIP_URL, sha256: str = CLIP_SHA256) -> Path:
    """Download a time lapse of a cell nucleus, unless it is in the cache.

    Protein transport at the nuclear envelope, 15 frames with two channels:
    ``skimage.data.protein_transport``.

    Parameters
    ----------
    url : str
        URL of the file.
    sha256 : str
        Expected SHA-256 hash of the content.

    Returns
    -------
    path : Path
        A TIFF file in the user's cache, for
        :func:`napari_gnn_vos.io.read.read_video`.

    Raises
    ------
    ReadError
        If the download fails, or the content has another hash.
    """
    return _fetch(url, sha256)


def fetch_film(url: str = FILM_URL, sha256: str = FILM_SHA256) -> Path:
    """Download a film of a cockatoo, unless it is in the cache.

    The film ``imageio:cockatoo.mp4`` of the standard images of imageio.

    Parameters
    ----------
    url : str
        URL of the file.
    sha256 : str
        Expected SHA-256 hash of the content.

    Returns
    -------
    path : Path
        A movie in the user's cache, for
        :func:`napari_gnn_vos.io.read.read_video`.

    Raises
    ------
    ReadError
        If the download fails, or the content has another hash.
    """
    return _fetch(url, sha256)


def _fetch(url: str, sha256: str) -> Path:
    """Return the path of a file in the cache, which is downloaded if necessary."""
    import pooch

    folder = pooch.os_cache("napari-gnn-vos")
    name = url.rsplit("/", 1)[-1]
    try:
        path = pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder)
    except (OSError, ValueError) as error:  # network errors; a wrong hash
        raise ReadError(
            f"Downloading the sample from {url} failed: {error}. "
            f"Check the network and try again, or download the file to {folder}. "
            "The composed sample scene needs no download."
        ) from error
    return Path(path)
