"""Fine-tuning on small videos, with the bundled weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import annotate, predict, start
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.interact.feature_projection import BUNDLED, load_projection
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.model.named_models import find_model, model_names, read_card
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.fine_tuning.evaluate import Evaluation
from napari_gnn_vos.study.fine_tuning.fine_tune import fine_tune
from napari_gnn_vos.study.fine_tuning.projection import network_of
from tests.scenes import moving_square, on_ground, on_square
from tests.study.fine_tuning.videos import SHORT, annotated, annotated_two_squares


@pytest.fixture(autouse=True)
def models(monkeypatch, tmp_path):
    """A folder of models instead of the user's."""
    folder = tmp_path / "models"
    monkeypatch.setattr(
        "napari_gnn_vos.model.named_models.models_folder", lambda: folder
    )
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def tuned(cache):
    return drain(fine_tune([annotated()], SHORT, cache))


def weights_of(predictor):
    return predictor.network.state_dict()


def same_weights(a, b):
    return all(
        torch.equal(value, weights_of(b)[k]) for k, value in weights_of(a).items()
    )


def test_network_and_projection_are_trained(tuned):
    base = load_model()
    assert not same_weights(tuned.predictor, base)
    assert same_weights(tuned.predictor.multi_object, base.multi_object)
    trained, original = tuned.projection, load_projection(BUNDLED)
    assert not np.array_equal(trained.hidden_weights, original.hidden_weights)
    np.testing.assert_allclose(
        trained.hidden_weights, original.hidden_weights, atol=0.1
    )


def test_by_default_the_projection_of_one_object_is_trained_only(cache):
    settings = SHORT.model_copy(update={"steps_of_one": 0})
    tuned = drain(fine_tune([annotated()], settings, cache))
    assert same_weights(tuned.predictor, load_model())
    trained, original = tuned.projection, load_projection(BUNDLED)
    assert not np.array_equal(trained.hidden_weights, original.hidden_weights)


def test_same_seed_gives_the_same_model(tuned, cache):
    again = drain(fine_tune([annotated()], SHORT, cache))
    assert same_weights(tuned.predictor, again.predictor)
    np.testing.assert_array_equal(
        again.projection.hidden_weights, tuned.projection.hidden_weights
    )
    assert again.after.j == tuned.after.j


def test_network_for_several_objects_is_trained_on_different_objects(cache):
    tuned = drain(fine_tune([annotated_two_squares()], SHORT, cache))
    base = load_model()
    assert tuned.before.several
    assert same_weights(tuned.predictor, base)
    assert not same_weights(tuned.predictor.multi_object, base.multi_object)


def test_merged_objects_are_trained_on_as_one(cache):
    settings = SHORT.model_copy(update={"merge_objects": True})
    tuned = drain(fine_tune([annotated_two_squares()], settings, cache))
    assert not tuned.before.several
    assert same_weights(tuned.predictor.multi_object, load_model().multi_object)
    assert not same_weights(tuned.predictor, load_model())


def test_progress_counts_every_stage(cache):
    stages, pipeline = [], fine_tune([annotated()], SHORT, cache)
    drain(pipeline, lambda step: stages.append(step.stage[:6]))
    assert stages == sorted(stages)
    assert set(stages) == {f"{k} of 6" for k in range(1, 7)}


def test_closed_pipeline_leaves_no_model(cache, models):
    pipeline = fine_tune([annotated()], SHORT, cache)
    while not next(pipeline).stage.startswith("5 of 6"):
        pass
    pipeline.close()
    assert not models.exists()


def test_saved_model_is_found_and_predicts_as_the_tuned_one(tuned, cache):
    tuned.save("squares")
    assert model_names()[-1] == "squares"
    model = load_model("squares")
    assert str(model).startswith("squares on the CPU")
    video, _ = moving_square()
    session = drain(start(video, Config(refine="none"), cache))
    scribbles = [on_square(), on_ground()]
    session = annotate(session, scribbles, rng=np.random.default_rng(0))
    label_model = session.config.label_model.model_copy(
        update={"projection": str(find_model("squares").projection)}
    )
    config = session.config.model_copy(update={"label_model": label_model})
    expected = drain(predict(replace(session, config=config), tuned.predictor))
    predicted = drain(predict(session, model))
    assert predicted.config == session.config
    for a, b in zip(
        predicted.prediction.probability, expected.prediction.probability, strict=True
    ):
        np.testing.assert_array_equal(a, b)
    other = drain(predict(session, tuned.predictor)).prediction.probability
    assert not np.array_equal(other[0], predicted.prediction.probability[0])


def test_card_describes_training_and_evaluation(tuned):
    tuned.save("squares")
    card = read_card("squares")
    assert card.base == "gatedgcn"
    assert card.base_sha256 == find_model("gatedgcn").sha256
    assert [clip.labelled for clip in card.trained_on] == [3]
    assert [clip.labelled for clip in card.held_out] == [2]
    assert card.j_before == tuned.before.j
    assert card.j_after == tuned.after.j
    assert card.settings["steps"] == 2
    assert card.network == "one"


def test_existing_model_is_replaced_on_request_only(tuned):
    tuned.save("squares")
    checksum = find_model("squares").sha256
    with pytest.raises(SettingsError, match="Choose another name"):
        tuned.save("squares")
    changed = replace(tuned, projection=load_projection(BUNDLED))
    changed.save("squares", overwrite=True)
    assert find_model("squares").sha256 != checksum


def test_fine_tuned_model_can_be_the_base(tuned, cache):
    tuned.save("squares")
    settings = SHORT.model_copy(update={"projection_steps": 0, "steps_of_one": 0})
    again = drain(fine_tune([annotated()], settings, cache, "squares"))
    assert again.before.j == tuned.after.j
    assert same_weights(again.predictor, tuned.predictor)


def test_rise_within_the_variation_is_not_better(tuned):
    for gain, better, reason in (
        (0.004, False, "J has risen by less than 0.005"),
        (-0.1, False, "J has not risen"),
        (0.006, True, None),
    ):
        after = Evaluation(tuple(j + gain for j in tuned.before.j), several=False)
        result = replace(tuned, after=after)
        assert result.better is better
        assert better or result.reason_not_to_save == reason


def test_network_of_a_projection_exports_it():
    base = load_projection(BUNDLED)
    exported = network_of(base).export()
    for name in ("hidden_weights", "output_bias", "regularization", "logit_scale"):
        np.testing.assert_allclose(
            getattr(exported, name), getattr(base, name), rtol=1e-5
        )
