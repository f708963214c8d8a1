"""Napari layers of a video: creation, lookup, reading, writing and events."""
