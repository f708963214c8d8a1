"""Draw the import graph of the package, and count what a prediction passes through.

Usage::

    python scripts/module_graph.py                    # packages, as Mermaid text
    python scripts/module_graph.py --level module     # all modules
    python scripts/module_graph.py --count            # modules and names of `predict`
    python scripts/module_graph.py --count --list

The Mermaid text is rendered by GitHub and by the documentation; ``--format dot`` writes
the input of Graphviz.

Counting rule: start at `engine.predict`. Follow each name in the body of a function
that refers to a function or class on module level of this package, by a call or as an
argument, but not in annotations. Functions are followed recursively; classes are
counted and not followed, so methods do not count. Names of the excluded packages (by
default `model`: the network is an argument of `predict`) are neither counted nor
followed. The result is the number of names, and of the modules that define them.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "napari_gnn_vos"


def main() -> None:
    """Parse the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--level", choices=("package", "module"), default="package")
    parser.add_argument("--format", choices=("mermaid", "dot"), default="mermaid")
    parser.add_argument("--output", type=Path, help="write to a file")
    parser.add_argument("--count", action="store_true", help="count names of predict")
    parser.add_argument("--list", action="store_true", help="list the counted names")
    parser.add_argument("--start", default="engine.predicting.predict")
    parser.add_argument("--exclude", nargs="*", default=["model"])
    options = parser.parse_args()
    if options.count:
        text = count_names(options.start, tuple(options.exclude), listed=options.list)
    else:
        text = draw(import_edges(options.level), options.format)
    if options.output:
        options.output.write_text(text + "\n", "utf-8")
    else:
        print(text)


def import_edges(level: str) -> dict[str, set[str]]:
    """Return the modules or packages that each one imports, without the prefix."""
    from grimp import build_graph

    graph = build_graph(PACKAGE)
    edges: dict[str, set[str]] = defaultdict(set)
    for module in sorted(graph.modules - {PACKAGE}):
        importer = _node(module, level)
        edges[importer] |= {
            _node(imported, level)
            for imported in graph.find_modules_directly_imported_by(module)
            if imported != PACKAGE
        } - {importer}
    return dict(edges)


def _node(module: str, level: str) -> str:
    parts = module.split(".")[1:]
    return parts[0] if level == "package" else ".".join(parts)


def draw(edges: dict[str, set[str]], language: str) -> str:
    """Write a graph as Mermaid or Graphviz text."""
    pairs = [(a, b) for a in sorted(edges) for b in sorted(edges[a])]
    if language == "dot":
        lines = [f'  "{a}" -> "{b}";' for a, b in pairs]
        return "\n".join(["digraph imports {", *lines, "}"])
    lines = [f'  {_identifier(name)}["{name}"]' for name in sorted(edges)]
    lines += [f"  {_identifier(a)} --> {_identifier(b)}" for a, b in pairs]
    return "\n".join(["graph TD", *lines])


def _identifier(name: str) -> str:
    return "m_" + name.replace(".", "_")  # "end" and "graph" are keywords of Mermaid


@dataclass
class Definitions:
    """Functions, classes and imports on the level of one module."""

    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


def count_names(start: str, exclude: tuple[str, ...], *, listed: bool) -> str:
    """Count the names that are reachable from a function, and their modules."""
    modules = parse_modules()
    module, _, name = start.rpartition(".")
    reached = reachable(modules, (module, name), exclude)
    used = sorted({module for module, _ in reached})
    lines = [f"{len(used)} modules, {len(reached)} names from {start}"]
    for module in used if listed else ():
        names = sorted(name for where, name in reached if where == module)
        lines.append(f"  {module}: {', '.join(names)}")
    return "\n".join(lines)


def parse_modules() -> dict[str, Definitions]:
    """Parse all modules of the package, keyed by name without the prefix."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} cannot be imported; install it or set PYTHONPATH.")
    root = Path(spec.origin).parent
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        modules[name] = _definitions(ast.parse(path.read_text("utf-8")))
    return modules


def _definitions(tree: ast.Module) -> Definitions:
    definitions = Definitions()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            definitions.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            definitions.classes.add(node.name)
    for node in ast.walk(tree):  # imports inside functions count, too
        if isinstance(node, ast.ImportFrom) and node.module:
            prefix, _, module = node.module.partition(".")
            if prefix == PACKAGE:
                for alias in node.names:
                    imported = alias.asname or alias.name
                    definitions.imports[imported] = module, alias.name
    return definitions


def reachable(
    modules: dict[str, Definitions], start: tuple[str, str], exclude: tuple[str, ...]
) -> set[tuple[str, str]]:
    """Return (module, name) of all definitions that a function depends on."""
    reached: set[tuple[str, str]] = set()
    pending = [start]
    while pending:
        module, name = target = pending.pop()
        if target in reached or module.split(".")[0] in exclude:
            continue
        definitions = modules[module]
        if name in definitions.functions:
            reached.add(target)
            for used in _names_in(definitions.functions[name]):
                pending += _resolve(modules, module, used)
        elif name in definitions.classes:
            reached.add(target)
    return reached


def _resolve(
    modules: dict[str, Definitions], module: str, name: str
) -> list[tuple[str, str]]:
    """Find the definition of a name, through re-exports."""
    definitions = modules[module]
    if name in definitions.functions or name in definitions.classes:
        return [(module, name)]
    if name in definitions.imports:
        origin, imported = definitions.imports[name]
        return _resolve(modules, origin, imported) if origin in modules else []
    return []


def _names_in(function: ast.FunctionDef) -> set[str]:
    """Collect the names that a function body reads, without annotations."""
    names: set[str] = set()
    pending: list[ast.AST] = [*function.body, *function.decorator_list]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.AnnAssign):
            pending += [node.value] if node.value else []
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*node.body, *node.decorator_list]
        else:
            pending += ast.iter_child_nodes(node)
    return names


if __name__ == "__main__":
    main()
