"""Read animated PNG and WebP images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.image_file import ALPHA_MODES, image_error
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.orientation import (
    TRANSPOSED,
    apply_orientation,
    exif_orientation,
)


class AnimationFrames(LazyFrames):
    """The images of an animated PNG or WebP file as RGB, or RGBA with transparency.

    Each is the whole image that is displayed, also if the file stores changes only. The
    time for which it is displayed is not used. The orientation in EXIF is applied.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ReadError
        If the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with Image.open(path) as image:
                # a PNG may begin with an image for programs without animations
                self._first = int(bool(getattr(image, "default_image", False)))
                count = int(getattr(image, "n_frames", 1)) - self._first
                self._mode = "RGBA" if image.mode in ALPHA_MODES else "RGB"
                self._orientation = exif_orientation(image)
                height, width = image.height, image.width
                if self._orientation in TRANSPOSED:
                    height, width = width, height
                shape = (count, height, width, len(self._mode))
        except Exception as error:  # Pillow raises many types
            raise ReadError(f"{image_error(path)} ({error})") from error
        super().__init__(shape, np.uint8)
        self._image: Any = None
        self._read(count - 1)  # refuses a file that is cut

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        if self._image is not None:
            self._image.close()
        self._image = None

    def _read(self, t: int) -> NDArray[Any]:
        try:
            number = t + self._first
            if self._image is not None and self._image.tell() > number:
                self.close()  # Pillow does not rewind each APNG
            if self._image is None:
                self._image = Image.open(self.path)
            self._image.seek(number)
            frame = np.array(self._image.convert(self._mode))
        except Exception as error:  # Pillow raises many types
            self.close()
            raise ReadError(f"{image_error(self.path)} ({error})") from error
        return apply_orientation(frame, self._orientation)
