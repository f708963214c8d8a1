from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from napari_gnn_vos import engine
from napari_gnn_vos.config import Config
from napari_gnn_vos.controller import pipelines
from napari_gnn_vos.controller.pipelines import restore_round
from napari_gnn_vos.controller.work_ahead import SplitAhead
from napari_gnn_vos.model import loading
from napari_gnn_vos.progress import PartialResult, Progress, drain
from napari_gnn_vos.structures.project import SavedPrediction
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from tests.scenes import moving_square, on_ground, on_square

SECOND_ROUND = (on_square(3),)


def rng():
    return np.random.default_rng(0)


def round_of(session, strokes):
    annotated = engine.annotate(session, strokes, rng=rng())
    return drain(engine.predict(annotated, WholeVideoModel(harmonic_baseline)))


@pytest.fixture
def first(monkeypatch):
    """A session after a round, whose large superpixels can be split."""
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.FINER_SIZE", 20)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MIN_PART_PIXELS", 4)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MAX_GROWTH", 50)
    settings = {"prepare": {"superpixels": {"per_frame": 16}}, "refine": "guided"}
    session = drain(engine.start(moving_square()[0], Config.model_validate(settings)))
    return round_of(session, (on_square(), on_ground()))


def result_of(session):
    return SavedPrediction(session.prediction, session.packed_labels)


@pytest.mark.parametrize("coarse_to_fine", [True, False])
def test_result_is_restored_with_its_superpixels(first, coarse_to_fine):
    """Superpixels were not split in projects of earlier versions."""
    config = first.config.model_copy(update={"coarse_to_fine": coarse_to_fine})
    original = round_of(replace(first, config=config), SECOND_ROUND)
    assert (original.graph.n > first.graph.n + 20) == coarse_to_fine
    steps, saved = [], result_of(original)
    session = drain(restore_round(first, SECOND_ROUND, rng(), saved), steps.append)
    assert session.prediction is saved.prediction
    np.testing.assert_array_equal(session.labels, original.labels)
    for a, b in zip(session.graph.frames, original.graph.frames, strict=True):
        np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_array_equal(session.drawn_seeds.row, original.drawn_seeds.row)
    assert len(steps) > 1  # between which it can be cancelled


def test_result_of_other_superpixels_is_not_restored(first):
    rows = first.prediction.probability
    probability = (*rows[:-1], rows[-1][1:])
    saved = result_of(
        replace(first, prediction=replace(first.prediction, probability=probability))
    )
    assert drain(restore_round(first, SECOND_ROUND, rng(), saved)) is None


@pytest.fixture
def harmonic(monkeypatch):
    """Predict by the harmonic labelling instead of a network."""
    model = WholeVideoModel(harmonic_baseline)
    monkeypatch.setattr(loading, "load_model", lambda _: model)


def next_round(session):
    return pipelines.predict_round(session, SECOND_ROUND, rng(), 3)


@pytest.mark.usefixtures("harmonic")
def test_preliminary_labels_are_shown_while_superpixels_are_split(first, monkeypatch):
    finish, split = Event(), engine.split_at_boundaries

    def wait_and_split(session):
        yield Progress("split superpixels", 0, 6)
        assert finish.wait(60)
        return (yield from split(session))

    expected = round_of(first, SECOND_ROUND)
    work = SplitAhead()
    monkeypatch.setattr(pipelines, "_split_ahead", work)
    monkeypatch.setattr(engine, "split_at_boundaries", wait_and_split)
    thread, shown = work.start(first), []
    steps = next_round(first)
    while len(shown) < 6:
        step = next(steps)
        if isinstance(step, PartialResult):
            shown.append(step)
    assert all(step.preliminary for step in shown)
    assert shown[0].frame == 3
    finish.set()
    session = drain(steps, shown.append)
    thread.join(60)
    final = {step.frame for step in shown[6:] if isinstance(step, PartialResult)}
    assert final == set(range(6))
    np.testing.assert_array_equal(session.labels, expected.labels)
    assert session.graph.n == expected.graph.n > first.graph.n + 20


@pytest.mark.usefixtures("harmonic")
def test_only_the_displayed_frame_is_preliminary_if_no_thread_splits(
    first, monkeypatch
):
    monkeypatch.setattr(pipelines, "_split_ahead", SplitAhead())
    steps = []
    drain(next_round(first), steps.append)
    results = [step for step in steps if isinstance(step, PartialResult)]
    assert results[0].preliminary
    assert results[0].frame == 3
    assert sum(step.preliminary for step in results) < 6
    assert sum(not step.preliminary for step in results) == 6


@pytest.mark.usefixtures("harmonic")
def test_nothing_is_preliminary_once_superpixels_are_split(first, monkeypatch):
    work = SplitAhead()
    monkeypatch.setattr(pipelines, "_split_ahead", work)
    work.start(first).join(60)
    steps = []
    session = drain(next_round(first), steps.append)
    results = [step for step in steps if isinstance(step, PartialResult)]
    assert not any(step.preliminary for step in results)
    np.testing.assert_array_equal(session.labels, round_of(first, SECOND_ROUND).labels)
