"""Style sheet of the dock widget in the colours of a napari theme."""

from __future__ import annotations

from collections.abc import Iterable

from napari.utils.theme import get_theme

ACCENT, ACCENT_HOVER = "#2474b5", "#2f86cc"
SHEET = """
#predict {{ padding: 7px; }}
QPushButton[next="true"] {{ background-color: {accent}; color: white; }}
QPushButton[next="true"]:hover {{ background-color: {hover}; }}
QPushButton:disabled {{ background-color: {disabled}; color: {muted}; }}
QPushButton:checked {{ border: 2px solid {accent}; }}
QScrollArea#annotate {{ background: transparent; }}
#objects {{ font-size: 12px; }}
#objects::item {{ padding: 4px; }}
#objects::item:selected {{ background-color: {accent}; color: white; }}
QProgressBar {{ text-align: center; min-height: 20px; }}
QProgressBar::chunk {{ background-color: {accent}; }}
#caption, #hint, #requirements {{ color: {muted}; }}
#status, #predict {{ font-weight: bold; }}
"""
NOTE_SHEET = """
#walkthrough {{ background-color: {background}; border: 2px solid {accent}; }}
#walkthrough QLabel {{ color: {text}; }}
"""
MUTED = 0.65
"""Weight of the text colour in captions and hints; the rest is background colour."""


def style_sheet(theme: str) -> str:
    """Return the style sheet of the dock widget.

    Parameters
    ----------
    theme : str
        Name of a napari theme, ``viewer.theme``.
    """
    disabled, muted = _hex(_rgb(theme, "foreground")), muted_colour(theme)
    return SHEET.format(
        accent=ACCENT, hover=ACCENT_HOVER, disabled=disabled, muted=muted
    )


def note_sheet(theme: str) -> str:
    """Return the style sheet of the notes of the guided tour."""
    background, text = _hex(_rgb(theme, "background")), _hex(_rgb(theme, "text"))
    return style_sheet(theme) + NOTE_SHEET.format(
        accent=ACCENT, background=background, text=text
    )


def muted_colour(theme: str) -> str:
    """Return the colour of captions and hints, ``#rrggbb``."""
    pairs = zip(_rgb(theme, "text"), _rgb(theme, "background"), strict=True)
    return _hex(round(MUTED * text + (1 - MUTED) * back) for text, back in pairs)


def _rgb(theme: str, name: str) -> tuple[int, ...]:
    colour = getattr(get_theme(theme), name)
    return tuple(colour.as_rgb_tuple(alpha=False))


def _hex(rgb: Iterable[int]) -> str:
    return "#" + bytes(rgb).hex()
