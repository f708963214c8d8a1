"""Seeds from rows."""

import numpy as np

from napari_gnn_vos.structures.seeds import Seeds


def seeds(*rows):
    """Seeds from rows (frame, row, col, label, origin, round_index)."""
    columns = np.array(rows).reshape(-1, 6).T
    dtypes = (np.int32, np.float32, np.float32, np.uint8, np.int32, np.int32)
    return Seeds(*(c.astype(d) for c, d in zip(columns, dtypes, strict=True)))
