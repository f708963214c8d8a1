"""Data types: frozen dataclasses of arrays whose shapes are documented and checked."""
