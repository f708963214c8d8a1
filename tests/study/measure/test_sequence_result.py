import numpy as np
import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.sequence_result import (
    ResultCache,
    SequenceResult,
)
from napari_gnn_vos.study.rounds import Score

F = np.array([[0.0, 1.0], [1.0, 1.0]])
SCORES = [
    Score(1, np.array([[0.5, 1], [0.7, 0]]), F, 0.25, 1.0),
    Score(2, np.ones((2, 2)), F, 0.0, 0.0),
]


def result(name="bear"):
    return SequenceResult.of(name, SCORES, "human", 880.5, 0.9)


def test_scores_are_averaged_over_frames_per_object():
    summary = result()
    np.testing.assert_allclose(summary.j, [[0.6, 0.5], [1, 1]])
    np.testing.assert_allclose(summary.f, [[0.5, 1], [0.5, 1]])
    assert summary.interact == (0.25, 0)
    assert summary.predict == (1, 0)
    assert summary.objects == 2


def test_stored_result_is_read_again(tmp_path):
    result_cache = ResultCache.beside(tmp_path / "new" / "out.json")
    assert result_cache.get("bear", "k1") is None
    result_cache.put(result(), "k1")
    assert result_cache.get("bear", "k1") == result()
    assert result_cache.get("bear", "k2") is None
    assert result_cache.get("bus", "k1") is None
    result_cache.clear()
    result_cache.clear()
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("text", ["", '{"sequence": "bear"', '{"sequence": "bear"}'])
def test_invalid_cache_file_is_ignored(tmp_path, text):
    result_cache = ResultCache(tmp_path)
    result_cache.put(result(), "k")
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert result_cache.get("bear", "k") is None


def test_cache_without_report_stores_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result_cache = ResultCache.beside(None)
    result_cache.put(result(), "k")
    assert result_cache.get("bear", "k") is None
    result_cache.clear()
    assert list(tmp_path.iterdir()) == []


def test_report_path_that_cannot_be_written_is_rejected(tmp_path):
    with pytest.raises(SettingsError, match="is a folder"):
        ResultCache.beside(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        ResultCache.beside(tmp_path / "file" / "out.json")
