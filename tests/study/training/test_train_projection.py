import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from napari_gnn_vos.config import Config
from napari_gnn_vos.interact.feature_projection import fit_ridge, load_projection
from napari_gnn_vos.interact.label_model import LabelSamples
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.labelled_video import open_davis_videos
from napari_gnn_vos.study.training import train_projection as training
from napari_gnn_vos.study.training.projection_network import (
    INFERENCE_REGULARIZATION,
    ProjectionNetwork,
    ProjectionSettings,
    episode_loss,
)
from napari_gnn_vos.study.training.projection_samples import (
    ROUNDS,
    ProjectionSamples,
    collect_projection_samples,
)
from napari_gnn_vos.study.training.train_projection import (
    ProjectionPlan,
    train_projection,
)
from tests.study.davis_folders import davis_folder

SMALL = ProjectionSettings(hidden=16, outputs=8, steps=60)


def xor_samples(seed):
    """A video whose object is where the signs of two columns agree."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 4)).astype(np.float16)
    share = (x[:, 0] * x[:, 1] > 0).astype(np.float32)
    rows = rng.choice(2000, 200, replace=False)
    everything = x.astype(np.float32)
    moments = everything.mean(axis=0), everything.std(axis=0)
    ones = np.ones(200, np.float32)
    known = LabelSamples(x[rows], share[rows].astype(int), ones, *moments)
    weights = np.ones(4, np.float32)
    return ProjectionSamples(x, share, np.ones(2000, np.float32), weights, (known,))


def accuracy(path, samples):
    projection, (known,) = load_projection(str(path)), samples.rounds
    features = [
        projection(known.standardise(inputs, samples.column_weights))
        for inputs in (known.inputs, samples.inputs)
    ]
    fitted = projection.fit(features[0], known.labels == 1, known.weights)
    return (((features[1] @ fitted[0] + fitted[1]) > 0) == (samples.share > 0.5)).mean()


def test_projection_separates_what_no_linear_classifier_does(tmp_path):
    videos = {str(seed): xor_samples(seed) for seed in range(4)}
    settings = ProjectionSettings(hidden=32, outputs=8, steps=400)
    path = train_projection(videos, tmp_path / "xor.safetensors", settings)
    assert accuracy(path, xor_samples(99)) > 0.8
    with safe_open(path, framework="np") as file:
        facts = json.loads(file.metadata()["card"])
    assert facts["sequences"] == ["0", "1", "2", "3"]
    assert facts["steps"] == 400


def test_exported_projection_equals_the_network():
    torch.manual_seed(0)
    network = ProjectionNetwork(4, SMALL)
    x = torch.randn(30, 4)
    with torch.no_grad():
        projected = network(x)
        is_label = torch.arange(30) < 12
        classifier = network.classify(projected, is_label, torch.ones(30))
    exported = network.export()
    np.testing.assert_allclose(exported(x.numpy()), projected[:, :-1], atol=1e-5)
    regularization = exported.regularization[0] / INFERENCE_REGULARIZATION
    coefficients, intercept = fit_ridge(
        projected[:, :-1].numpy(), is_label.numpy(), np.ones(30), regularization
    )
    np.testing.assert_allclose([*coefficients, intercept], classifier, atol=1e-4)


def test_loss_has_gradients_of_all_parameters():
    network = ProjectionNetwork(4, SMALL)
    episode_loss(network, xor_samples(0), np.random.default_rng(0)).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return davis_folder(tmp_path_factory.mktemp("davis"))


def test_samples_of_a_video_survive_writing(data, tmp_path):
    opened = open_davis_videos(data, ["one"], Config(refine="none"), data / "cache")
    (video,) = drain(opened)
    samples = collect_projection_samples(video, np.random.default_rng(0))
    assert len(samples.inputs) == len(samples.share) == video.session.graph.n
    assert 1 <= len(samples.rounds) <= 2 * ROUNDS
    assert {0, 1} <= set(samples.rounds[0].labels.tolist())
    samples.write(tmp_path / "one.npz")
    again = ProjectionSamples.read(tmp_path / "one.npz")
    np.testing.assert_array_equal(again.inputs, samples.inputs)
    np.testing.assert_array_equal(again.rounds[-1].labels, samples.rounds[-1].labels)


def test_every_sequence_gets_a_projection_that_was_trained_without_it(
    tmp_path, monkeypatch
):
    trained = {}

    def recorded(videos, output, settings):
        trained[output] = set(videos)
        output.touch()
        return output

    monkeypatch.setattr(training, "train_projection", recorded)
    names = tuple("abcdef")
    plan = ProjectionPlan(((tmp_path, names),), tmp_path, tmp_path, SMALL)
    for name in names:
        (tmp_path / "samples").mkdir(exist_ok=True)
        xor_samples(0).write(tmp_path / "samples" / f"{name}.npz")
    projections = dict(plan.cross_fit())
    assert sorted(projections) == list(names)
    for name, path in projections.items():
        assert name not in trained[path]
        assert len(trained[path]) >= 4
    assert len(trained) == training.CROSS_FIT_PARTS
    plan.cross_fit()
    assert len(trained) == training.CROSS_FIT_PARTS
