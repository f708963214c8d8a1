"""Drive the plugin from a script or from napari's console, here without a window.

`ViewerModel` is napari's viewer without Qt. In the console, use `viewer` instead.
"""

import numpy as np
from napari.components import ViewerModel

from napari_gnn_vos import annotator
from napari_gnn_vos.io.samples.photo_scenes import compose_scene

video, truth = compose_scene(frames=8)
viewer = ViewerModel()
image = viewer.add_image(np.stack([video.rgb(t) for t in range(8)]), name="scene")

work = annotator(viewer)
work.open(image)

# Paint with napari's own methods on the layer of strokes; its values are 1 for
# background and k + 1 for object k. Or choose an object and use `selected_label`.
for label in (1, 2):
    work.active_label.choose(label)
    strokes = work.workspace.strokes
    rows, columns = np.nonzero(truth[0] == label)
    point = (0, int(rows.mean()), int(columns.mean()))
    strokes.paint(point, strokes.selected_label)

work.predict()  # prepares the video first; returns when the labels are there
labels = np.asarray(viewer.layers["segmentation"].data)
print("Pixels of each label:", np.bincount(labels.ravel()))
assert set(np.unique(labels)) == {0, 1, 2}

work.undo()
assert "segmentation" not in viewer.layers or not work.can_undo
