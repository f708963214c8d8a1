"""How the dock widget looks, in the colours of napari's theme."""

from __future__ import annotations

from collections.abc import Iterable

from napari.utils.theme import get_theme

ACCENT, ACCENT_HOVER = "#2474b5", "#2f86cc"
SHEET = """
#predict {{ background-color: {accent}; color: white; padding: 7px; }}
#predict:hover {{ background-color: {hover}; }}
#predict:disabled {{ background-color: {dull}; color: {muted}; }}
#brush:checked, #lines:checked {{ background-color: {accent}; color: white; }}
#objects {{ font-size: 12px; }}
#objects::item {{ padding: 4px; }}
QProgressBar {{ text-align: center; min-height: 20px; }}
QProgressBar::chunk {{ background-color: {accent}; }}
#caption, #hint {{ color: {muted}; }}
#status, #predict {{ font-weight: bold; }}
"""
MUTED = 0.65
"""Part of the text's colour in what is less important; the rest is background."""


def style_sheet(theme: str) -> str:
    """Make the style sheet of the widget.

    Parameters
    ----------
    theme : str
        Name of a theme of napari, ``viewer.theme``.
    """
    dull, muted = _hex(_rgb(theme, "foreground")), muted_colour(theme)
    return SHEET.format(accent=ACCENT, hover=ACCENT_HOVER, dull=dull, muted=muted)


def muted_colour(theme: str) -> str:
    """Colour of captions and hints, ``#rrggbb``: readable, but not the first seen."""
    pairs = zip(_rgb(theme, "text"), _rgb(theme, "background"), strict=True)
    return _hex(round(MUTED * text + (1 - MUTED) * back) for text, back in pairs)


def _rgb(theme: str, name: str) -> tuple[int, ...]:
    colour = getattr(get_theme(theme), name)
    return tuple(colour.as_rgb_tuple(alpha=False))


def _hex(rgb: Iterable[int]) -> str:
    return "#" + bytes(rgb).hex()
