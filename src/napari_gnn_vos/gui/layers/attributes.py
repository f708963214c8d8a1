"""Attributes of layers: position, metadata, and names and colours of objects."""

from __future__ import annotations

VIDEO_KEY = "gnn-vos video"
"""Metadata key under which the readers store a layer's array and its video."""

PATH_KEY = "gnn-vos path"
"""Metadata key of an image layer for the path of its video."""

PROJECT_KEY = "gnn-vos project"
"""Metadata key of an image layer for the path of the project that it belongs to."""
