import sys

import networkx
import numpy as np
import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.official import ensure_official
from napari_gnn_vos.study.measure.official_package import restored_aliases


@pytest.mark.parametrize("missing", ["davisinteractive.session", "networkx"])
def test_missing_package_is_reported_with_the_installation_command(
    monkeypatch, missing
):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SettingsError, match=r"bash scripts/install_davisinteractive"):
        ensure_official()


def test_removed_aliases_are_restored_temporarily():
    before = dict(vars(np)), dict(vars(networkx))
    with restored_aliases():
        with restored_aliases():
            pass
        assert vars(np)["int"] is int
        assert vars(np)["float"] is float
        assert vars(np)["bool"] in (bool, np.bool_)
        assert vars(np)["trapz"]([1, 3]) == 2
        assert "from_scipy_sparse_matrix" in vars(networkx)
    assert before == (vars(np), vars(networkx))
