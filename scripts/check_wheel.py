"""Check that a wheel holds all its data files and works away from the sources.

Usage: ``python scripts/check_wheel.py dist/napari_gnn_vos-*.whl``
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from fnmatch import fnmatch

WANTED = (
    "napari_gnn_vos/napari.yaml",
    "napari_gnn_vos/py.typed",
    "napari_gnn_vos/model/weights/*.safetensors",
    "*.dist-info/licenses/LICENSE",
)
UNWANTED = ("tests/*", "*/__pycache__/*")
USE = """
import sys
import napari_gnn_vos
from npe2 import PluginManifest
assert napari_gnn_vos.__file__.startswith(sys.argv[1]), napari_gnn_vos.__file__
napari_gnn_vos.load_model()
PluginManifest.from_distribution("napari-gnn-vos").validate_imports()
"""


def problems(wheel: zipfile.ZipFile) -> list[str]:
    """List what the wheel lacks, or holds and should not."""
    names = wheel.namelist()
    metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
    text = wheel.read(metadata).decode()
    found = [
        f"no {pattern}"
        for pattern in WANTED
        if not any(fnmatch(name, pattern) for name in names)
    ]
    found += [
        f"holds {name}"
        for name in names
        if any(fnmatch(name, pattern) for pattern in UNWANTED)
    ]
    if "Classifier: Framework :: napari\n" not in text:
        found.append("METADATA without the classifier 'Framework :: napari'")
    return found


def main(path: str) -> int:
    """Check the wheel at `path`; return the exit status."""
    with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
        found = problems(wheel)
        wheel.extractall(folder)
        environment = {**os.environ, "PYTHONPATH": folder}
        command = [sys.executable, "-c", USE, folder]
        if subprocess.run(command, env=environment, check=False).returncode:
            found.append("the unpacked wheel does not work, see above")
    print(f"{path}: {'; '.join(found) or 'complete'}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
