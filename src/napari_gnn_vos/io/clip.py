"""A real clip to try things on, fetched once from the internet."""

from __future__ import annotations

from pathlib import Path

from napari_gnn_vos.errors import ReadError

CLIP_URL = (
    "https://gitlab.com/scikit-image/data/-/raw/"
    "2cdc5ce89b334d28f06a58c9f0ca21aa6992a5ba/NPCsingleNucleus.tif"
)
CLIP_SHA256 = "a8e24e8d187f33e92ee28508d5615286c850ca75374af7e74e527d290e8b06ea"


def fetch_clip(url: str = CLIP_URL, sha256: str = CLIP_SHA256) -> Path:
    """Fetch a time lapse of a cell's nucleus, or find it where it was kept.

    Proteins of the nuclear envelope during their transport, 15 frames with two stains:
    ``skimage.data.protein_transport``.

    Parameters
    ----------
    url : str
        Where the file is.
    sha256 : str
        What its content must hash to.

    Returns
    -------
    path : Path
        A TIFF for :func:`napari_gnn_vos.io.read.read_video`, in the user's cache.

    Raises
    ------
    ReadError
        If there is no network, or the file is another one.
    """
    import pooch

    folder = pooch.os_cache("napari-gnn-vos")
    name = url.rsplit("/", 1)[-1]
    try:
        path = pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder)
    except (OSError, ValueError) as error:  # of the network; of the hash
        raise ReadError(
            f"Expected to fetch a sample clip from {url}; it failed: {error}. "
            f"Check the network and try again, or download it by hand to {folder}. "
            "The composed scene needs no download."
        ) from error
    return Path(path)
