"""OpenCV, imported in one place.

The build of OpenCV that has windows points Qt at plugins of its own when imported,
which stops napari from starting; what it changed is put back here.
"""

from __future__ import annotations

import os

_QT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {name: os.environ.get(name) for name in _QT}

import cv2  # noqa: E402

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

__all__ = ["cv2"]
