"""Annotated videos of a moving square, and a short fine-tuning."""

from napari_gnn_vos.study.fine_tuning.annotated_video import AnnotatedVideo
from napari_gnn_vos.study.fine_tuning.fine_tune_settings import FineTuneSettings
from tests.scenes import moving_square, two_squares

SHORT = FineTuneSettings(
    projection_steps=4,
    steps=2,
    steps_of_one=2,
    pool=1,
    rounds=1,
    evaluated_rounds=2,
    held_out=0.4,
)


def annotated(labelled=(0, 2, 4, 5, 7), frames=8, scene=moving_square):
    """A video with true labels on some frames."""
    video, truth = scene(frames)
    return AnnotatedVideo(video, {t: truth[t] for t in labelled})


def annotated_two_squares(labelled=(0, 2, 4, 5, 7)):
    """A video of two squares of different colours, with true labels on some frames."""
    return annotated(labelled, scene=two_squares)
