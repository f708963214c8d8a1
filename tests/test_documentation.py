"""The generated parts of the documentation."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_gnn_vos.config import Config, SeedSettings
from napari_gnn_vos.io.formats.registry import FORMATS

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import result_tables  # noqa: E402


def test_tables_are_up_to_date():
    check = [sys.executable, "scripts/result_tables.py", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_run_names_commit_machine_and_command():
    for path in (ROOT / "docs" / "data").glob("*.json"):
        run = json.loads(path.read_text())
        assert run.keys() == {
            *("kind", "date", "commit", "machine", "command", "report"),
        }
        assert all(run.values())


def test_recorded_run_appears_in_the_table(tmp_path):
    figure = {"median": 1.5, "spread": 0.25, "runs": 3, "unit": "s", "target": 2}
    path = tmp_path / "bench.json"
    result_tables.write_run(path, "speed", "make bench", {"round": figure})
    run = json.loads(path.read_text())
    row = result_tables.speed({"bench": run}).splitlines()[-1]
    cells = "round", "1.5 s", "0.25", "3", "2 s", "[bench](#run-bench)"
    assert row.startswith(f"| {' | '.join(cells)} | `{run['commit']}`")


def test_reference_lists_every_setting_and_command():
    pytest.importorskip("latex2mathml")
    import docs_hooks

    settings = docs_hooks.settings_reference()
    for name in (*SeedSettings.model_fields, "refine"):
        assert f"| `{name}` |" in settings
    assert "## `[prepare.superpixels]`" in settings
    assert f"`{Config().prepare.superpixels.per_frame}`" in settings
    commands = docs_hooks.command_reference()
    for name in ("prepare", "segment", "train", "benchmark", "ablate"):
        assert f"## `gnn-vos {name}`" in commands


def test_reference_lists_every_label_format():
    pytest.importorskip("latex2mathml")
    import docs_hooks

    rows = docs_hooks.format_reference().splitlines()
    assert len(rows) == 2 + len(FORMATS)
    assert rows[2].startswith("| **`tiff`** | `.tif`, `.tiff` | multi-page TIFF")


def test_formulas_become_mathml():
    pytest.importorskip("latex2mathml")
    import docs_hooks

    page = r'<p>with <span class="arithmatex">\(x &lt; 1\)</span></p>'
    converted = docs_hooks.on_page_content(page)
    assert "<math" in converted
    assert "arithmatex" not in converted
