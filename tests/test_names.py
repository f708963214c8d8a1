import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "check_names.py"


@pytest.fixture(scope="module")
def check_names():
    spec = importlib.util.spec_from_file_location("check_names", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def retired(check_names):
    table = {
        "identifiers": {"Lazy": "CachedSequence", "took": "elapsed"},
        "parts": {"told": "node_inputs"},
        "modules": {"lazy": "cached_sequence"},
        "words": {"fed": "passed", "own looks?": "re-computed appearance"},
        "allowed": [{"file": "aliases.py", "name": "Lazy", "reason": "an alias"}],
    }
    return check_names.RetiredNames(table)


def lines_and_texts(matches):
    return [(match.line, match.text) for match in matches]


def test_identifiers_are_reported_with_line_and_replacement(retired):
    (match,) = retired.check("a.py", "x = 1\nframes = Lazy(x)\n")
    assert (match.line, match.text, match.replacement) == (2, "Lazy", "CachedSequence")


@pytest.mark.parametrize("name", ["lazy_loader", "LazyFrames", "toldo", "mistook"])
def test_longer_names_that_contain_a_retired_name_pass(retired, name):
    assert retired.check("a.py", f"import {name}\n") == []


@pytest.mark.parametrize("name", ["told", "_told", "told_by", "TOLD_ALL", "_took"])
def test_parts_between_underscores_are_reported(retired, name):
    assert lines_and_texts(retired.check("a.py", f"{name} = 1\n")) == [(1, name)]


def test_english_words_that_are_class_names_pass_in_prose(retired):
    assert (
        retired.check("a.py", '"""It took a lazy evaluation. Lazy is fine."""\n') == []
    )
    assert retired.check("docs/a.md", "Lazy evaluation took a second.\n") == []


def test_words_are_reported_in_comments_and_docstrings(retired):
    source = '"""Title.\n\nIt is fed twice, with own looks.\n"""\n# Fed again.\n'
    matches = retired.check("a.py", source)
    assert lines_and_texts(matches) == [(3, "fed"), (3, "own looks"), (5, "Fed")]


def test_strings_without_a_space_are_keys_and_pass(retired):
    assert retired.check("a.py", 'arrays["fed"]\n') == []


def test_messages_are_checked_but_not_the_fields_of_format_strings(retired):
    assert retired.check("a.py", 'f"{fed} frames"\n') == []
    assert lines_and_texts(retired.check("a.py", 'f"{n} frames fed"\n')) == [(1, "fed")]


def test_inline_code_in_prose_is_checked_for_identifiers(retired):
    matches = retired.check("docs/a.md", "See `Lazy(frames)`.\n")
    assert lines_and_texts(matches) == [(1, "Lazy")]


def test_python_blocks_in_markdown_are_checked_for_identifiers(retired):
    page = "```python\nframes = Lazy(1)\n```\n\n```sh\necho fed Lazy\n```\nIt is fed.\n"
    matches = retired.check("docs/a.md", page)
    assert lines_and_texts(matches) == [(2, "Lazy"), (8, "fed")]


def test_link_targets_pass(retired):
    assert retired.check("docs/a.md", "[text](fed.md) and <https://fed.org>\n") == []


def test_module_names_are_reported(retired):
    assert lines_and_texts(retired.check("src/lazy.py", "x = 1\n")) == [(1, "lazy.py")]


def test_allowed_names_pass_in_their_file_only(retired):
    assert retired.check("aliases.py", "Lazy = 1\n") == []
    assert retired.check("aliases.py", "told = 1\n") != []


def test_table_of_the_project_is_complete(check_names):
    table = check_names.RetiredNames.load()
    assert {"FrameTies", "Desk", "LANES", "none_inside"} <= table.identifiers.keys()
    assert all(table.identifiers.values()) and all(table.parts.values())


def test_exit_status_is_one_for_retired_names(
    check_names, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(check_names, "ROOT", tmp_path)
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "bad.py").write_text("desk = FrameTies()\n")
    assert check_names.main([str(tmp_path / "good.py")]) == 0
    assert check_names.main([str(tmp_path / "bad.py")]) == 1
    assert "bad.py:1: 'FrameTies': use IncomingEdges" in capsys.readouterr().out
