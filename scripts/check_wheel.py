"""Check that a wheel contains its data files and works outside the source tree.

Usage: ``python scripts/check_wheel.py dist/napari_gnn_vos-*.whl``
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from fnmatch import fnmatch

REQUIRED = (
    "napari_gnn_vos/napari.yaml",
    "napari_gnn_vos/py.typed",
    "napari_gnn_vos/model/weights/*.safetensors",
    "*.dist-info/licenses/LICENSE",
)
EXCLUDED = ("tests/*", "*/__pycache__/*")
SMOKE_TEST = """
import sys
import napari_gnn_vos
from npe2 import PluginManifest
assert napari_gnn_vos.__file__.startswith(sys.argv[1]), napari_gnn_vos.__file__
napari_gnn_vos.load_model()
PluginManifest.from_distribution("napari-gnn-vos").validate_imports()
"""


def problems(wheel: zipfile.ZipFile) -> list[str]:
    """List missing files, excluded files and missing metadata."""
    names = wheel.namelist()
    metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
    text = wheel.read(metadata).decode()
    faults = [
        f"{pattern} is missing"
        for pattern in REQUIRED
        if not any(fnmatch(name, pattern) for name in names)
    ]
    faults += [
        f"{name} must not be in a wheel"
        for name in names
        if any(fnmatch(name, pattern) for pattern in EXCLUDED)
    ]
    if "Classifier: Framework :: napari\n" not in text:
        faults.append("the classifier 'Framework :: napari' is missing")
    return faults


def main(path: str) -> int:
    """Check the wheel at `path`; return the exit status."""
    with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
        faults = problems(wheel)
        wheel.extractall(folder)
        environment = {**os.environ, "PYTHONPATH": folder}
        command = [sys.executable, "-c", SMOKE_TEST, folder]
        if subprocess.run(command, env=environment, check=False).returncode:
            faults.append("the smoke test of the unpacked wheel failed, see above")
    print(f"{path}: {'; '.join(faults) or 'all checks passed'}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
