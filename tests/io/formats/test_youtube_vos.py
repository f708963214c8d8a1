import json

import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.formats import youtube_vos
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import COLOURS, moving_squares, video_labels


def test_folder_has_masks_and_objects_by_frame(tmp_path):
    source = video_labels(
        video_name="clip", frame_names=[f"{t:05d}.jpg" for t in range(6)]
    )
    assert youtube_vos.write(source, tmp_path / "set") == 6
    meta = json.loads((tmp_path / "set/meta.json").read_text())
    objects = meta["videos"]["clip"]["objects"]
    assert objects["2"] == {"category": "cup & saucer", "frames": ["00001", "00004"]}
    with Image.open(tmp_path / "set/Annotations/clip/00004.png") as image:
        np.testing.assert_array_equal(np.asarray(image), moving_squares()[4])
        assert image.getpalette()[21:24] == list(COLOURS[7])


def test_labels_above_255_are_refused(tmp_path):
    labels = moving_squares(dtype=np.uint16, last=256)
    with pytest.raises(ShapeError, match="0 to 255"):
        youtube_vos.write(VideoLabels(labels), tmp_path / "set")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../up", "a/b"])
def test_names_outside_the_folder_are_refused(tmp_path, name):
    youtube_vos.write(video_labels(), tmp_path / "set")
    meta = {"videos": {name: {"objects": {}}}}
    (tmp_path / "set/meta.json").write_text(json.dumps(meta))
    with pytest.raises(ReadError, match="name of a folder"):
        youtube_vos.read(tmp_path / "set")
