"""MkDocs hooks: generate the reference of command line, settings and label formats.

A page receives the generated text where it contains ``{{ cli }}``, ``{{ settings }}``
or ``{{ formats }}``. Public names, ``::: napari_gnn_vos.NAME``, are resolved to the
modules that define them, because the package loads them lazily. Formulas become
MathML, which browsers display without a script.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

import typer
from latex2mathml.converter import convert
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import napari_gnn_vos
from napari_gnn_vos.cli import app
from napari_gnn_vos.config import Config
from napari_gnn_vos.io.formats.registry import DEFAULTS, FORMATS, LabelFormat
from napari_gnn_vos.study.training.training_run import TrainSettings


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the placeholders of a page with generated Markdown."""
    for placeholder, generate in GENERATORS.items():
        if placeholder in markdown:
            markdown = markdown.replace(placeholder, generate())
    return PUBLIC_NAME.sub(_defining_module, markdown)


def on_page_content(html_text: str, **_: Any) -> str:
    """Convert the formulas of a page from LaTeX to MathML."""
    return FORMULA.sub(_mathml, html_text)


def _mathml(match: re.Match[str]) -> str:
    inline = match[1] == "("
    latex = html.unescape(match[2]).strip()
    return str(convert(latex, display="inline" if inline else "block"))


def _defining_module(match: re.Match[str]) -> str:
    """Replace a public name with the path of its definition."""
    if match[1] not in napari_gnn_vos.__all__:
        return match[0]
    definition = getattr(napari_gnn_vos, match[1])
    return f"::: {definition.__module__}.{definition.__qualname__}"


def command_reference() -> str:
    """Describe every command with its arguments and options."""
    group = typer.main.get_command(app)
    sections = (
        "\n".join(_command_section(name, command))
        for name, command in sorted(group.commands.items())
    )
    return "\n\n".join(sections)


def _command_section(name: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(_metavar(argument) for argument in arguments)
    yield f"## `gnn-vos {name}`\n\n{command.help}\n"
    yield f"```sh\ngnn-vos {name} [OPTIONS] {usage}".rstrip() + "\n```\n"
    yield "| parameter | default | description |\n|---|---|---|"
    for parameter in (*arguments, *options):
        yield _parameter_row(parameter)


def _metavar(argument: Any) -> str:
    return f"{argument.name.upper()}{'...' if argument.nargs != 1 else ''}"


def _parameter_row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{parameter.name.upper()}`"
    else:
        names = ", ".join(f"`{option}`" for option in parameter.opts)
    if parameter.required:
        default = "required"
    elif parameter.name == "cache":
        default = "the user's cache folder"
    elif parameter.default in (None, "", ()):
        default = ""
    else:
        default = f"`{parameter.default}`"
    return f"| {names} | {default} | {_cell(parameter.help or '')} |"


def format_reference() -> str:
    """List the formats of labels: suffix, content, and whether they can be read."""
    head = "| format | suffix | content | read |\n|---|---|---|---|"
    return "\n".join([head, *map(_format_row, FORMATS)])


def _format_row(each: LabelFormat) -> str:
    suffixes = ", ".join(f"`{suffix}`" for suffix in each.suffixes) or "folder"
    name = f"**`{each.name}`**" if each.name in DEFAULTS else f"`{each.name}`"
    cells = name, suffixes, _cell(each.description), "yes" if each.read else "no"
    return f"| {' | '.join(cells)} |"


def settings_reference() -> str:
    """Describe every setting of a session and of a training."""
    return "\n\n".join(
        [*_model_tables(Config, ""), *_model_tables(TrainSettings, "training")]
    )


def _model_tables(model: type[BaseModel], table: str) -> Iterator[str]:
    """Yield one section for each TOML table of a settings model."""
    fields = model.model_fields.items()
    values = [(name, field) for name, field in fields if not _is_model(field)]
    if values:
        title = f"`[{table}]`" if table else "Top level"
        rows = "\n".join(_setting_row(name, field) for name, field in values)
        head = "| setting | type | default | description |\n|---|---|---|---|"
        yield f"## {title}\n\n{(model.__doc__ or '').strip()}\n\n{head}\n{rows}"
    for name, field in fields:
        if _is_model(field):
            inner = f"{table}.{name}" if table else name
            yield from _model_tables(field.annotation, inner)  # type: ignore[arg-type]


def _is_model(field: FieldInfo) -> bool:
    kind = field.annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _setting_row(name: str, field: FieldInfo) -> str:
    choices = get_args(field.annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        kind = ", ".join(f"`{choice}`" for choice in choices)
    else:
        kind = getattr(field.annotation, "__name__", str(field.annotation))
    default = field.default
    shown = f"{default:.4g}" if isinstance(default, float) else default
    return f"| `{name}` | {kind} | `{shown}` | {_cell(field.description or '')} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


FORMULA = re.compile(
    r'<(?:span|div) class="arithmatex">\s*\\([(\[])(.*?)\\[)\]]\s*</(?:span|div)>',
    re.DOTALL,
)
PUBLIC_NAME = re.compile(r"^::: napari_gnn_vos\.(\w+)$", re.MULTILINE)
GENERATORS: dict[str, Callable[[], str]] = {
    "{{ cli }}": command_reference,
    "{{ settings }}": settings_reference,
    "{{ formats }}": format_reference,
}
