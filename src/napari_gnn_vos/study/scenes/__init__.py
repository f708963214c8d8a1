"""Scenes of several objects, composed of real sequences."""
