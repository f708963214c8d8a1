"""Frames of videos by file type, read on access; `io.read` selects among them."""
