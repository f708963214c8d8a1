"""Buttons and methods of the annotator agree, and the notebook runs."""

import json
import re
from operator import attrgetter
from pathlib import Path

import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtWidgets import QPushButton

from napari_gnn_vos import annotator
from napari_gnn_vos.gui.widgets.actions import ACTIONS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.gui


def documented(work, method):
    call = attrgetter(method)(work)
    return callable(call) and bool((call.__doc__ or "").strip())


def test_every_button_is_a_documented_method(dock):
    """A button has the name of its method; a menu has actions, which are methods."""
    work = dock.annotator
    buttons = [b for b in dock.content.findChildren(QPushButton) if b.text()]
    assert len(buttons) > 15
    for button in buttons:
        if button.menu() is None or button.objectName():
            assert documented(work, button.objectName()), button.text()
        else:
            assert all(a.toolTip() for a in button.menu().actions() if a.text())
    assert all(documented(work, method) for method in ACTIONS)


def test_scripting_page_lists_every_method(dock):
    page = (ROOT / "docs/how-to/scripting.md").read_text()
    listed = set(re.findall(r"`([\w.]+)\(", page))
    named = {b.objectName() for b in dock.content.findChildren(QPushButton)}
    missing = ({*ACTIONS} | named) - listed - {""}
    assert not missing
    rows = re.findall(r"^\| [^|]+ \| (`.*) \|$", page, re.MULTILINE)
    for method in re.findall(r"`([\w.]+)\(", " ".join(rows)):
        assert documented(dock.annotator, method), method


def cells():
    notebook = json.loads((ROOT / "examples/console.ipynb").read_text())
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code], code


def test_notebook_runs(toy_engine, capsys):
    sources, stored = cells()
    names = {}
    for source in sources:
        exec(compile(source, "console.ipynb", "exec"), names)  # noqa: S102
    assert names["work"].state.rounds == 2
    assert "round 1" in capsys.readouterr().out
    assert not any(cell["outputs"] for cell in stored)


def test_annotator_of_the_console_is_that_of_the_dock(make_napari_viewer, toy_engine):
    """Napari passes a proxy of its viewer to the dock, and a console has the viewer."""
    viewer = make_napari_viewer()
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    assert annotator(viewer) is dock.annotator
    assert annotator() is dock.annotator
    assert annotator(PublicOnlyProxy(viewer)) is dock.annotator
