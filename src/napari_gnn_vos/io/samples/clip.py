"""Sample time lapse that is downloaded once."""

from __future__ import annotations

from pathlib import Path

from napari_gnn_vos.errors import ReadError

CLIP_URL = (
    "https://gitlab.com/scikit-image/data/-/raw/"
    "2cdc5ce89b334d28f06a58c9f0ca21aa6992a5ba/NPCsingleNucleus.tif"
)
CLIP_SHA256 = "a8e24e8d187f33e92ee28508d5615286c850ca75374af7e74e527d290e8b06ea"


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
    import pooch

    folder = pooch.os_cache("napari-gnn-vos")
    name = url.rsplit("/", 1)[-1]
    try:
        path = pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder)
    except (OSError, ValueError) as error:  # network errors; a wrong hash
        raise ReadError(
            f"Downloading the sample clip from {url} failed: {error}. "
            f"Check the network and try again, or download the file to {folder}. "
            "The composed sample scene needs no download."
        ) from error
    return Path(path)
