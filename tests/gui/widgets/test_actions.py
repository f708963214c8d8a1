"""Compare the pages on keys and scripts with the actions of the widget."""

import re
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_gnn_vos.controller.fine_tuning import FineTuning
from napari_gnn_vos.controller.history_tools import HistoryTools
from napari_gnn_vos.controller.object_tools import ObjectTools
from napari_gnn_vos.controller.preferences import PreferenceStore
from napari_gnn_vos.controller.ranges import RangeTools
from napari_gnn_vos.controller.round_choices import ModelChoice
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.tools.display import DisplayTools
from napari_gnn_vos.gui.tools.exports import ExportTools
from napari_gnn_vos.gui.tools.imports import LayerImports
from napari_gnn_vos.gui.tools.projects import ProjectFiles
from napari_gnn_vos.gui.tools.superpixels import SuperpixelTools
from napari_gnn_vos.gui.tools.window import WindowTools
from napari_gnn_vos.gui.widgets.actions import ACTIONS

DOCS = Path(__file__).parents[3] / "docs"
TOOLS = {
    "objects": ObjectTools,
    "ranges": RangeTools,
    "imports": LayerImports,
    "exports": ExportTools,
    "display": DisplayTools,
    "superpixels": SuperpixelTools,
    "models": ModelChoice,
    "projects": ProjectFiles,
    "fine_tuning": FineTuning,
    "window": WindowTools,
    "history": HistoryTools,
    "preferences": PreferenceStore,
}


def documented_keys():
    """Keys in the first table of the page, in napari's notation."""
    page = (DOCS / "reference" / "keys.md").read_text("utf-8")
    first_table = page.split("\n## ")[0]
    cells = re.findall(r"^\| (.*?) \|", first_table, re.MULTILINE)
    for cell in cells[1:]:
        for key in cell.split(" / "):
            yield "-".join(re.findall(r"<kbd>(.*?)</kbd>", key))


def test_page_lists_the_key_of_every_action():
    digits = "0-9"  # bound to layers, see LayerEvents
    expected = {action.key for action in ACTIONS.values() if action.key}
    assert {*documented_keys()} == {*expected, digits}


def documented_methods():
    page = (DOCS / "how-to" / "scripting.md").read_text("utf-8")
    table = page.split("Each button is a method:")[1].split("\n\n")[1]
    return re.findall(r"`([\w.]+)\(", table)


@pytest.mark.parametrize("method", documented_methods())
def test_documented_method_exists(method):
    tools, _, name = method.rpartition(".")
    owner = TOOLS[tools] if tools else Annotator
    assert callable(getattr(owner, name))


@pytest.mark.parametrize("method", ACTIONS)
def test_every_action_calls_an_existing_method(method):
    annotator = SimpleNamespace(**TOOLS)
    owner = annotator if method.split(".")[0] in TOOLS else Annotator
    assert callable(attrgetter(method)(owner))
