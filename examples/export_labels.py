"""Export labels as TIFF, as PNGs, as COCO JSON, and in any other format; read them."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile
from PIL import Image

from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.coco import export_coco
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.io.formats.tiff import export_tiff
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.samples.photo_scenes import compose_scene

# `session.labels` after a prediction; here, the true labels of a synthetic scene.
_, labels = compose_scene(frames=5)
names = {1: "cat", 2: "cup"}

with TemporaryDirectory() as folder:
    tiff = Path(folder, "labels.tif")
    export_tiff(labels, tiff, names)  # one page per frame
    assert np.array_equal(tifffile.imread(tiff), labels)

    pngs = Path(folder, "labels")
    export_palette_pngs(labels, pngs)  # 00000.png, 00001.png, ...
    with Image.open(pngs / "00003.png") as picture:
        assert np.array_equal(np.asarray(picture), labels[3])

    coco = Path(folder, "labels.json")
    export_coco(labels, coco, names)  # the format of YouTube-VIS
    video = json.loads(coco.read_text())
    for annotation in video["annotations"]:
        areas = [area or 0 for area in annotation["areas"]]
        print(f"Object {annotation['id']}: {areas} pixels")

    everything = VideoLabels(labels, names, {1: (255, 90, 95), 2: (46, 196, 182)})
    tracking = Path(folder, "01_RES")
    export_labels(everything, tracking, "ctc")  # the Cell Tracking Challenge
    print((tracking / "res_track.txt").read_text())
    assert import_labels(tracking).names == names
