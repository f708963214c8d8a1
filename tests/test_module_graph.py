import pytest
from scripts.module_graph import (
    Definitions,
    count_names,
    draw,
    import_edges,
    parse_modules,
    reachable,
)


def test_package_graph_has_the_imports_of_each_package():
    edges = import_edges("package")
    assert {"interact", "prepare", "structures"} <= edges["engine"]
    assert "engine" not in edges["structures"]
    assert "m_engine --> m_interact" in draw(edges, "mermaid")


def test_names_are_followed_through_functions_but_not_into_excluded_packages():
    modules = parse_modules()
    start = "engine.predicting", "predict"
    names = reachable(modules, start, ("model",))
    assert ("interact.label_model", "fit_label_model") in names
    assert ("interact.label_model", "LabelModel") in names
    assert not any(
        module.startswith("interact")
        for module, _ in reachable(modules, start, ("interact",))
    )


def test_count_lists_the_names_of_each_module():
    text = count_names("engine.predicting.predict", ("model",), listed=True)
    assert text.splitlines()[0].endswith("names from engine.predicting.predict")
    assert "  interact.harmonic: " in text


@pytest.mark.parametrize("name", ["missing", "imported"])
def test_unresolved_names_are_ignored(name):
    modules = {"a": Definitions(imports={"imported": ("absent", "imported")})}
    assert reachable(modules, ("a", name), ()) == set()
