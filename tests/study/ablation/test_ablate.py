import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.study.ablation import ablate as study
from napari_gnn_vos.study.ablation.ablate import MaskedInputs, ablate
from napari_gnn_vos.study.ablation.ablation_request import (
    Ablation,
    evenly_spaced,
    resolve_table,
    source,
)
from napari_gnn_vos.study.ablation.ablation_tables import (
    ablation_report,
    ablation_table,
)
from napari_gnn_vos.study.ablation.catalogue import TABLES, TUNE
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.baselines import WholeVideoModel, label_model_baseline
from napari_gnn_vos.study.cross_validation.cross_validate import cross_validate
from napari_gnn_vos.study.cross_validation.fold_plan import CrossValidation
from napari_gnn_vos.study.measure.benchmark_methods import simple_methods
from napari_gnn_vos.study.training import several_trainings
from napari_gnn_vos.study.training.train import checkpoint_metadata
from napari_gnn_vos.study.training.training_run import TrainSettings
from tests.scenes import random_graph
from tests.study.davis_folders import davis_folder

QUICK = Config(refine="none")
SIMPLE = Table(
    "simple",
    "Baselines",
    tuple(
        Variant(method.name, {"J after 2": 0.5}, QUICK, method=method)
        for method in simple_methods()[:2]
    ),
    ("J after", "mean J", "directed edges a frame", "ceiling after"),
    {"others": {"mean J": 0.25}},
    composed=True,
)
TINY = TrainSettings(frames=3, rounds=1, pool=2, width=4, depth=1)
TRAINED = Table(
    "trained",
    "Trainings",
    (
        Variant("all", {}, QUICK, TINY),
        Variant("one", {}, QUICK, TINY, learn=1),
        Variant(
            "colour-blind", {}, QUICK, TINY.model_copy(update={"left_out": ("l",)})
        ),
    ),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return davis_folder(tmp_path_factory.mktemp("davis"))


@pytest.fixture
def plan(data, tmp_path):
    evaluated = source(data, "one")
    return Ablation(evaluated, tmp_path / "out", data / "cache", rounds=2, steps=2)


@pytest.fixture
def learning(plan, data):
    return replace(plan, learn=source(data, "one,two"))


def never(*_, **__):
    raise AssertionError("called again")


def test_table_of_baselines_has_figures_per_seed_and_published_ones(plan, data):
    composed = replace(plan, composed=source(data, "two"), seeds=2)
    rows = drain(ablate(SIMPLE, composed))
    assert [row.name for row in rows] == ["nearest seed", "label model alone"]
    figures = rows[1].figures()
    assert len(figures["J after 1"]) == 2
    assert figures["directed edges a frame"][0] > 100
    caption, _, head, _, *lines = ablation_table(SIMPLE, composed, rows).splitlines()
    for part in (
        "1 sequence and 1 composed scene;",
        "2 rounds",
        "2 seeds",
        "first strokes: robot",
        "DAVIS 2017 val",
    ):
        assert part in caption
    titles = [cell.strip() for cell in head.split("|")[1:-1]]
    assert titles == [
        *("variant", "J after 1", "J after 2", "J after 2, composed", "mean J"),
        *("directed edges a frame", "ceiling after 1", "ceiling after 2"),
        *("published J after 2", "published mean J"),
    ]
    assert len(lines) == 3
    assert " ± " in lines[0]
    assert lines[0].endswith("| 0.500 | - |")
    assert lines[2] == "| others | - | - | - | - | - | - | - | - | 0.250 |"
    facts = json.loads(json.dumps(ablation_report(SIMPLE, composed, rows)))
    assert facts["rows"]["label model alone"]["published"] == {"J after 2": 0.5}
    assert facts["rows"]["label model alone"]["figures"] == figures
    assert facts["about"]["steps"] is None


def test_cached_results_are_reused(plan, monkeypatch):
    before = drain(ablate(SIMPLE, plan, ["label model alone"]))
    assert [row.name for row in before] == ["label model alone"]
    monkeypatch.setattr(study, "benchmark", never)
    again = drain(ablate(SIMPLE, plan, ["label model alone"]))
    assert again[0].figures() == before[0].figures()
    with pytest.raises(AssertionError, match="called again"):
        drain(ablate(SIMPLE, plan))


def test_table_includes_earlier_results_of_other_variants(plan):
    drain(ablate(SIMPLE, plan, ["label model alone"]))
    rows = drain(ablate(SIMPLE, plan, ["nearest seed"]))
    assert [row.name for row in rows] == ["nearest seed", "label model alone"]


def test_each_variant_is_trained_once(learning, monkeypatch):
    rows = drain(ablate(TRAINED, learning))
    folders = list((learning.output / "trainings").iterdir())
    assert len(folders) == 3
    left_out = [row.reports[0]["model"]["settings"]["left_out"] for row in rows]
    assert left_out == [[], [], ["l"]]
    assert "trained for 2 steps on 2 sequences" in ablation_table(
        TRAINED, learning, rows
    )
    monkeypatch.setattr(several_trainings, "train", never)
    again = drain(ablate(TRAINED, learning))
    assert [row.figures() for row in again] == [row.figures() for row in rows]
    with pytest.raises(AssertionError, match="called again"):
        drain(ablate(TRAINED, replace(learning, steps=3)))


def test_variants_with_equal_settings_share_a_training(learning):
    twins = (TRAINED.variants[0], replace(TRAINED.variants[0], name="twin"))
    table = replace(TRAINED, variants=(*twins, TRAINED.variants[1]))
    rows = drain(ablate(table, learning, ["all", "twin"]))
    assert [row.name for row in rows] == ["all", "twin"]
    assert len(list((learning.output / "trainings").iterdir())) == 1


def test_several_processes_train_concurrently(learning, monkeypatch):
    calls = []

    def train_concurrently(plans, processes):
        calls.append((len(plans), processes))
        return several_trainings._train_sequentially(plans)

    monkeypatch.setattr(several_trainings, "_train_concurrently", train_concurrently)
    drain(ablate(TRAINED, replace(learning, processes=2), ["one", "all"]))
    assert calls == [(2, 2)]


def test_training_without_sequences_is_rejected(plan):
    with pytest.raises(SettingsError, match="Name some with --train"):
        drain(ablate(TRAINED, plan))


def test_unknown_variant_is_rejected(plan):
    with pytest.raises(SettingsError, match="has the variants nearest seed, label"):
        drain(ablate(SIMPLE, plan, ["graph"]))


def test_unknown_table_is_rejected(plan, learning):
    with pytest.raises(SettingsError, match="curve, field, inputs, data, features"):
        resolve_table("all", plan, tune=False)
    assert resolve_table("size", plan, tune=False) == (TABLES["size"], plan)
    table, tuned = resolve_table("field", learning, tune=True)
    assert (table, tuned.evaluated) == (TUNE, learning.learn)
    for name, request in (("field", plan), ("size", learning)):
        with pytest.raises(SettingsError, match="Expected the table 'field'"):
            resolve_table(name, request, tune=True)


@pytest.mark.parametrize("name", ["steps", "seeds", "processes"])
def test_number_below_one_is_rejected(plan, name):
    with pytest.raises(SettingsError, match=f"one or more {name}, not 0"):
        replace(plan, **{name: 0})


def test_masked_inputs_are_unknown_to_the_model():
    graph = random_graph(np.random.default_rng(0))
    inputs = [np.ones((2, n, len(NODE_INPUT_NAMES)), np.float32) for n in graph.counts]
    model = MaskedInputs(
        WholeVideoModel(label_model_baseline), ("label_model", "previous")
    )
    for probability in model(graph, inputs.__getitem__, range(5)):
        assert (probability == 0.5).all()
    assert all(node_inputs.all() for node_inputs in inputs)


def fold_weights(folder, data):
    """Write weights of two folds that were trained for one step."""
    plan = CrossValidation(data, ("one", "two"), folder, data / "cache", 2, 1, 1)
    drain(cross_validate(plan))
    return plan


def test_sequences_are_evaluated_with_the_weights_of_their_fold(plan, data, tmp_path):
    folds = fold_weights(tmp_path / "folds", data)
    held_out = replace(
        plan, evaluated=source(data, "one,two"), folds=2, trained=folds.output
    )
    parts = held_out.parts(held_out.evaluated, QUICK)
    assert [part.source for part in parts] == [(data, ("one",)), (data, ("two",))]
    assert [part.model for part in parts] == [str(folds.weights(k)) for k in (0, 1)]
    for k, part in enumerate(parts):
        projection = folds.output / f"fold{k}-projection.safetensors"
        assert part.config.label_model.projection == str(projection)
        assert part.config.refine == "none"
    table = Table("one", "One variant", (Variant("network", {}, QUICK),))
    (row,) = drain(ablate(table, held_out))
    single = [
        drain(ablate(table, replace(held_out, evaluated=part.source)))[0]
        for part in parts
    ]
    for figures in single:
        assert len(figures.reports[0]["sequences"]) == 1
    sequences = row.reports[0]["sequences"]
    weights = [sequences[name]["objects"] for name in ("one", "two")]
    assert np.average(
        [figures.figures()["mean J"][0] for figures in single], weights=weights
    ) == pytest.approx(row.figures()["mean J"][0])
    assert "each held out, 2 folds" in ablation_table(table, held_out, [row])


def test_folds_do_not_combine_with_other_weights(plan, learning, data, tmp_path):
    for changes in ({"folds": 2}, {"trained": tmp_path}):
        with pytest.raises(SettingsError, match="Set --folds and --trained"):
            replace(plan, **changes)
    folds = {"folds": 2, "trained": tmp_path}
    with pytest.raises(SettingsError, match="Leave --composed out"):
        replace(plan, composed=source(data, "two"), **folds)
    with pytest.raises(SettingsError, match="trains its own network"):
        drain(ablate(TRAINED, replace(learning, **folds)))


def test_command_prints_and_saves_a_table(data, tmp_path):
    args = "--davis", data, "--sequences", "one", "--rounds", 1
    args = *args, "--output", tmp_path / "out", "--cache", data / "cache"
    args = [str(arg) for arg in args]
    result = CliRunner().invoke(app, ["ablate", "refine", *args])
    assert result.exit_code == 0, result.output
    assert "| none |" in result.output
    facts = json.loads((tmp_path / "out/refine.json").read_text())
    assert set(facts["rows"]) == {
        "boundary decoder",
        "boundary decoder, also as previous probability",
        "guided filter",
        "none",
    }
    assert facts["about"]["sequences"] == ["one"]
    result = CliRunner().invoke(app, ["ablate", "colours", *args])
    assert result.exit_code == 2
    assert "must be one of curve, field," in result.output


def test_sequences_are_evenly_spaced():
    names = [f"{k}" for k in range(24)]
    assert evenly_spaced(names, None) == evenly_spaced(names, 30) == tuple(names)
    assert evenly_spaced(names, 5) == ("0", "6", "12", "17", "23")
    assert len(set(evenly_spaced(names, 15))) == 15
    assert evenly_spaced(names, 1) == ("0",)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_variants_of_a_table_are_valid(table):
    assert len({variant.name for variant in table.variants}) == len(table.variants)
    for variant in table.variants:
        assert set(variant.without) <= set(NODE_INPUT_NAMES)
        if variant.training:
            checkpoint_metadata(variant.training)
