"""Count how often napari itself crashes when the last layers are removed.

With the software OpenGL of a virtual display, napari 0.9 can end with a segmentation
fault in ``glDrawArrays`` after all layers were removed. This script does not use the
plugin: it opens a viewer with an image and a labels layer in a process of its own,
removes the layers at once, and draws the empty viewer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

WINDOW = """
import napari
import numpy as np
from qtpy.QtTest import QTest

viewer = napari.Viewer()
viewer.add_image(np.zeros((5, 48, 64)))
viewer.add_labels(np.ones((5, 48, 64), np.uint8))
QTest.qWait(30)
while viewer.layers:
    viewer.layers.remove(viewer.layers[0])
QTest.qWait(500)
viewer.close()
"""


def main() -> None:
    """Print the number of crashes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    runs: int = parser.parse_args().runs
    codes = [
        subprocess.run([sys.executable, "-c", WINDOW], capture_output=True).returncode
        for _ in range(runs)
    ]
    crashes = sum(code < 0 for code in codes)
    print(f"{crashes} of {runs} windows crashed; exit codes {codes}")


if __name__ == "__main__":
    main()
