import sys

import networkx
import numpy as np
import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.official import ensure_official
from napari_gnn_vos.study.measure.official_package import restored_aliases


@pytest.mark.parametrize("lacking", ["davisinteractive.session", "networkx"])
def test_without_the_package_it_is_told_how_to_get_it(monkeypatch, lacking):
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(SettingsError, match=r"bash specs/install_davisinteractive"):
        ensure_official()


def test_former_names_are_lent_and_taken_back():
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
