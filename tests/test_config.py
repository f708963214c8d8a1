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
    label_model=st.builds(LabelModelSettings, strength=st.floats(1e-9, 1e9)),
    refine=st.sampled_from(["decoder", "guided", "none"]),
)


@given(config=configs)
def test_what_was_written_is_read_again(config, tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "settings.toml"
    config.write(path)
    assert Config.read(path) == config


def test_what_a_file_leaves_out_is_as_usual(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('refine = "none"\n[seeds]\nper_label = 7\n')
    config = Config.read(path)
    assert config.seeds == SeedSettings(per_label=7)
    assert config.prepare == PrepareSettings()
    assert config.refine == "none"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 3", "colour"),
        ("[seeds]\nper_labels = 3", "per_labels"),
        ("[seeds]\nper_label = 0", "per_label"),
        ("[prepare.superpixels]\nmethod = 'magic'", "magic"),
        ("refine = ", "settings.toml"),
    ],
)
def test_a_setting_that_is_wrong_or_not_known(tmp_path, text, told):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        Config.read(path)


@pytest.mark.parametrize(("old", "new"), [("true", "guided"), ("false", "none")])
def test_refinement_of_older_files_is_translated(tmp_path, old, new):
    path = tmp_path / "settings.toml"
    path.write_text(f"refine = {old}\n")
    assert Config.read(path).refine == new


def test_boundaries_are_decoded_by_default():
    assert Config().refine == "decoder"


def test_a_missing_file(tmp_path):
    with pytest.raises(SettingsError, match=r"no\.toml"):
        Config.read(tmp_path / "no.toml")


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Config().refine = "none"


def test_the_digest_is_of_everything_that_is_prepared():
    usual = PrepareSettings()
    assert usual.digest() == PrepareSettings().digest()
    others = {
        PrepareSettings(backbone="torchvision").digest(),
        PrepareSettings(superpixels=SuperpixelSettings(per_frame=100)).digest(),
        PrepareSettings(superpixels=SuperpixelSettings(method="slic")).digest(),
        PrepareSettings(edges=EdgeSettings(least_share=0.2)).digest(),
        PrepareSettings(denoise=False).digest(),
        PrepareSettings(quality="fast").digest(),
        PrepareSettings(quality="best").digest(),
    }
    assert len(others | {usual.digest()}) == 8


def test_the_digest_stays_what_it_is_from_release_to_release():
    assert PrepareSettings().digest() == "2cf77d749435"
    assert PrepareSettings(quality="balanced").digest() == "2cf77d749435"


def test_settings_at_a_quality():
    assert Config.at("balanced") == Config()
    assert Config.at("fast").prepare == PrepareSettings(quality="fast")
    with pytest.raises(SettingsError, match=r"fast.*not 'superb'"):
        Config.at("superb")
