"""Videos to try things on: File > Open Sample."""

from __future__ import annotations

from napari_gnn_vos.gui.pictures import LayerData, image_data, truth_data


def composed_scene() -> list[LayerData]:
    """Compose a scene of two objects, with its truth as a hidden layer."""
    from napari_gnn_vos.io.photo_scenes import compose_scene

    video, truth = compose_scene()
    return [image_data(video), truth_data(truth, video.name)]


def cells() -> list[LayerData]:
    """Make a noisy time lapse of cells that look alike, with its truth, hidden."""
    from napari_gnn_vos.io.simulated_cells import simulate_cells

    video, truth = simulate_cells()
    return [image_data(video), truth_data(truth, video.name)]


def time_lapse() -> list[LayerData]:
    """Download a time lapse of a cell, once.

    Raises
    ------
    ReadError
        If there is no network.
    """
    from napari_gnn_vos.io.clip import fetch_clip
    from napari_gnn_vos.io.read import read_video

    return [image_data(read_video(fetch_clip()))]
