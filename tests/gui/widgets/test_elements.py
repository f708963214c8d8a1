import pytest
from napari.utils.theme import available_themes, get_theme

from napari_gnn_vos.gui.widgets import elements


def luminance(colour):
    """Relative luminance of ``#rrggbb`` by WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first, second):
    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", available_themes())
def test_hints_have_enough_contrast_in_every_theme(theme):
    background = get_theme(theme).background.as_hex(format="long")
    assert 4.5 < contrast(elements.muted_colour(theme), background) < 9


def test_style_sheet_depends_on_the_theme():
    light, dark = elements.style_sheet("light"), elements.style_sheet("dark")
    assert elements.muted_colour("light") in light
    assert light != dark
    assert "{" in dark
    assert "{{" not in dark
