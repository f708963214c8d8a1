import os
import sys

import numpy as np
import pytest

from napari_gnn_vos.io.project.video_reference import find_video, video_reference
from napari_gnn_vos.io.read import read_video


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_video_whose_name_is_not_utf_8_is_found_again(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.npy")
    np.save(path, np.zeros((2, 16, 18), np.uint8))
    (tmp_path / "other.npy").touch()
    reference = video_reference(read_video(path), str(path), tmp_path / "project")
    for text in (reference.name, reference.absolute, reference.relative):
        assert "caf\N{REPLACEMENT CHARACTER}" in text
        text.encode()
    assert find_video(reference, tmp_path / "project") == path
    path.unlink()
    assert find_video(reference, tmp_path / "project") is None
