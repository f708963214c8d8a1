import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_gnn_vos.config import (
    Config,
    EdgeSettings,
    LabelModelSettings,
    PrepareSettings,
    SeedSettings,
    SuperpixelSettings,
)
from napari_gnn_vos.errors import SettingsError

configs = st.builds(
    Config,
    prepare=st.builds(
        PrepareSettings,
        backbone=st.text(max_size=9),
        superpixels=st.builds(
            SuperpixelSettings,
            method=st.sampled_from(["merge", "watershed", "slic"]),
            per_frame=st.integers(16, 60_000),
        ),
        edges=st.builds(EdgeSettings, least_share=st.floats(0, 1)),
        quality=st.sampled_from(["fast", "balanced", "best"]),
    ),
    seeds=st.builds(SeedSettings, clearance=st.floats(1e-9, 1e9)),
    label_model=st.builds(
        LabelModelSettings, inverse_regularization=st.floats(1e-9, 1e9)
    ),
    refine=st.sampled_from(["decoder", "guided", "none"]),
)


@given(config=configs)
def test_settings_survive_a_round_trip(config, tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "settings.toml"
    config.write(path)
    assert Config.read(path) == config


def test_paths_may_be_text(tmp_path):
    Config.at("fast").write(str(tmp_path / "settings.toml"))
    assert Config.read(str(tmp_path / "settings.toml")) == Config.at("fast")


def test_missing_settings_have_default_values(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('refine = "none"\n[seeds]\nper_label = 7\n')
    config = Config.read(path)
    assert config.seeds == SeedSettings(per_label=7)
    assert config.prepare == PrepareSettings()
    assert config.refine == "none"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 3", "colour"),
        ("[seeds]\nper_labels = 3", "per_labels"),
        ("[seeds]\nper_label = 0", "per_label"),
        ("[prepare.superpixels]\nmethod = 'magic'", "magic"),
        ("refine = ", "settings.toml"),
    ],
)
def test_invalid_and_unknown_settings_are_refused(tmp_path, text, message):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        Config.read(path)


@pytest.mark.parametrize(("old", "new"), [("true", "guided"), ("false", "none")])
def test_refinement_of_older_files_is_translated(tmp_path, old, new):
    path = tmp_path / "settings.toml"
    path.write_text(f"refine = {old}\n")
    assert Config.read(path).refine == new


def test_boundary_decoder_is_the_default():
    assert Config().refine == "decoder"


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"no\.toml"):
        Config.read(tmp_path / "no.toml")


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Config().refine = "none"


def test_digest_depends_on_every_preparation_setting():
    default = PrepareSettings()
    assert default.digest() == PrepareSettings().digest()
    digests = {
        PrepareSettings(backbone="torchvision").digest(),
        PrepareSettings(superpixels=SuperpixelSettings(per_frame=100)).digest(),
        PrepareSettings(superpixels=SuperpixelSettings(method="slic")).digest(),
        PrepareSettings(edges=EdgeSettings(least_share=0.2)).digest(),
        PrepareSettings(denoise=False).digest(),
        PrepareSettings(quality="fast").digest(),
        PrepareSettings(quality="best").digest(),
    }
    assert len(digests | {default.digest()}) == 8


def test_digest_is_stable_across_releases():
    assert PrepareSettings().digest() == "2cf77d749435"
    assert PrepareSettings(quality="balanced").digest() == "2cf77d749435"


def test_default_settings_at_a_quality():
    assert Config.at("balanced") == Config()
    assert Config.at("fast").prepare == PrepareSettings(quality="fast")
    with pytest.raises(SettingsError, match=r"fast.*not 'superb'"):
        Config.at("superb")


def test_retired_setting_names_are_read(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[seeds]\nalike = 0.5\n[label_model]\nstrength = 2\nsliver = 0\n")
    config = Config.read(path)
    assert config.seeds.excluded_share == 0.5
    assert config.label_model.inverse_regularization == 2
    assert config.label_model.small_superpixel == 0
    config.write(path)
    assert "alike" not in path.read_text()
    assert Config.read(path) == config


def test_node_features_apply_to_a_single_object():
    settings = LabelModelSettings()
    single, several = settings.for_objects(1), settings.for_objects(2)
    assert single.node_features
    assert not several.node_features
    assert single.inverse_regularization == 0.01
    assert several.inverse_regularization == 0.1
    without = settings.model_copy(update={"node_features": False}).for_objects(1)
    assert not without.node_features
    assert without.inverse_regularization == 0.1
