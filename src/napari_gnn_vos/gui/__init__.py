"""Napari plugin: dock widget, readers, writers and the scripting interface."""
