"""Compare files that repeat the metadata of the package."""

import re
import tomllib
from pathlib import Path

import napari_gnn_vos

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA_NAMES = {"opencv-python-headless": "py-opencv", "torch": "pytorch"}


def requirements(lines):
    """Names with version limits, in the names of conda-forge."""
    pairs = (re.match(r"([\w-]+)\s*(.*)", line).groups() for line in lines)
    return {CONDA_NAMES.get(name, name): limits for name, limits in pairs}


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text("utf-8")
    assert PROJECT["version"] == napari_gnn_vos.__version__
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f'  version: "{PROJECT["version"]}"\n' in recipe


def test_conda_recipe_has_the_requirements_of_the_package():
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text("utf-8")
    run = recipe.split("\n  run:\n")[1].split("\n\n")[0]
    _, *lines = re.findall(r"- (.*)", run)  # the first one is Python
    assert requirements(lines) == requirements(PROJECT["dependencies"])


def test_pages_of_the_project_are_of_one_repository():
    source = PROJECT["urls"]["Source"]
    assert all(url.startswith(source) for url in PROJECT["urls"].values())
    files = ["CITATION.cff", "SECURITY.md", "recipe/recipe.yaml", "mkdocs.yml"]
    files += [".github/ISSUE_TEMPLATE/config.yml"]
    for file in files:
        urls = re.findall(
            r"https://github\.com/[\w-]+/[\w-]+", (ROOT / file).read_text()
        )
        assert set(urls) <= {source}, file
