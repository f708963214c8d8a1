"""Sample videos that are downloaded once."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.hardware import raise_if_cancelled, worker_threads
from napari_gnn_vos.progress import POLL_SECONDS, Pipeline, Progress, drain


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

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def is_cached(self) -> bool:
        """Whether the file was downloaded before."""
        import pooch

        path = _cache_folder() / self.name
        return path.is_file() and pooch.file_hash(str(path)) == self.sha256

    def fetch(self) -> Path:
        """Download the file, unless it is in the cache; see `fetch_in_steps`."""
        return drain(self.fetch_in_steps())

    def fetch_in_steps(self) -> Pipeline[Path]:
        """Download the file, unless it is in the cache.

        Yields
        ------
        step : Progress
            Downloaded and expected bytes; both 0 while the size is unknown.

        Returns
        -------
        path : Path
            In the user's cache, for :func:`napari_gnn_vos.io.read.read_video`.

        Raises
        ------
        ReadError
            If the download fails, or the content has another hash.
        """
        counter = _ByteCounter()
        with worker_threads() as pool:
            job = pool.submit(self._retrieve, counter)
            while not wait([job], POLL_SECONDS).done:
                yield Progress("Download", counter.done, counter.total)
            return job.result()

    def _retrieve(self, counter: _ByteCounter) -> Path:
        """Download the file; errors are reported with advice."""
        import pooch

        folder, known_hash = _cache_folder(), f"sha256:{self.sha256}"
        downloader = pooch.HTTPDownloader(progressbar=counter)
        try:
            path = pooch.retrieve(
                self.url, known_hash, self.name, folder, downloader=downloader
            )
        except (OSError, ValueError) as error:  # network errors; a wrong hash
            raise ReadError(
                f"Downloading the sample from {self.url} failed: {error}. "
                f"Check the network and try again, or download the file to {folder}. "
                "The composed sample scene needs no download."
            ) from error
        return Path(path)


class _ByteCounter:
    """Count downloaded bytes, as pooch requires it of a progress bar.

    Attributes
    ----------
    done, total : int
        Downloaded bytes, and those of the file; 0 while its size is unknown.
    """

    def __init__(self) -> None:
        self.done = self.total = 0

    def update(self, count: int) -> None:
        """Add bytes; the download ends here if its pipeline was cancelled."""
        raise_if_cancelled()
        self.done = min(self.done + count, self.total)

    def reset(self) -> None:
        """Return to the start; pooch then adds all bytes once more."""
        self.done = 0

    def close(self) -> None:
        """Do nothing; pooch calls this at the end."""


def _cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("napari-gnn-vos"))


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
