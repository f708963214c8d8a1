"""The generated parts of the documentation."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import napari_gnn_vos
from napari_gnn_vos.config import Config, SeedSettings
from napari_gnn_vos.io.formats.registry import FORMATS

ROOT = Path(__file__).parent.parent
ARCHITECTURE = "docs/explanation/architecture.md"
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


def test_run_in_the_window_appears_in_the_table(tmp_path):
    blocks = {"block_wall": 0.5, "block_own": 0.25, "block_processor": 0.1}
    row = {"seconds": 1.5, "target": 2, "runs": 3, "block_target": 0.1, **blocks}
    path = tmp_path / "window.json"
    result_tables.write_run(path, "window", "window.py", {"undo": row})
    run = json.loads(path.read_text())
    text = result_tables.window({"window": run}).splitlines()[-1]
    cells = "undo", "1.50 s", "2 s", "0.500", "0.250", "0.100", "[window](#run-window)"
    assert text.startswith(f"| {' | '.join(cells)} | `{run['commit']}`")


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


def test_navigation_lists_every_page():
    # mkdocs.yml has tags that a YAML parser does not know
    lines = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n")[1].splitlines()
    listed = [line.split(": ")[-1].strip(" -") for line in lines]
    pages = {
        page.relative_to(ROOT / "docs").as_posix()
        for page in (ROOT / "docs").rglob("*.md")
    }
    assert pages == {entry for entry in listed if entry.endswith(".md")}


def documented_names():
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    return re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)


def test_reference_describes_every_public_name():
    deprecated = {"least_sure", "__version__"}
    documented = {name.rpartition(".")[2] for name in documented_names()}
    assert {*napari_gnn_vos.__all__} - deprecated - documented == {"GnnVosError"}


@pytest.mark.parametrize("name", documented_names())
def test_documented_name_exists(name):
    if "gui" in name or name == "napari_gnn_vos.annotator":
        pytest.importorskip("napari")
    assert resolve_name(name) is not None


def test_reference_lists_every_error():
    module = import_module("napari_gnn_vos.errors")
    errors = [name for name in vars(module) if name.endswith("Error")]
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    listed = page.split("members: [")[-1].split("]")[0].split(", ")
    assert listed == errors
    assert all(f"* {name}" in module.__doc__ for name in errors)


def project_files():
    folders = ("src", "tests", "scripts", "benchmarks", ".ci", ".github", "docs")
    files = [
        path.relative_to(ROOT)
        for folder in folders
        for path in (ROOT / folder).rglob("*")
    ]
    return [*files, *(path.relative_to(ROOT) for path in ROOT.iterdir())]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", ARCHITECTURE])
def test_named_files_exist(page):
    text = (ROOT / page).read_text("utf-8")
    names = re.findall(r"`([\w./]+(?:\.(?:py|sh|toml|yaml|yml)|/))`", text)
    not_in_project = {"build/site/", "utils.py"}
    existing = [f"/{path.as_posix()}/" for path in project_files()]
    missing = [
        name
        for name in {*names} - not_in_project
        if not any(path.endswith(f"/{name.rstrip('/')}/") for path in existing)
    ]
    assert len(names) > 20
    assert missing == []


def test_architecture_lists_all_packages_and_modules():
    text = (ROOT / ARCHITECTURE).read_text("utf-8")
    tree = text.split("\nsrc/napari_gnn_vos/\n")[1].split("\ntests/")[0]
    listed = re.findall(r"^  (\w+)(?:\.py|/) ", tree, re.MULTILINE)
    package = ROOT / "src" / "napari_gnn_vos"
    actual = [path.stem for path in package.glob("*.py")]
    actual += [path.parent.name for path in package.glob("*/__init__.py")]
    assert sorted(listed) == sorted(actual)
