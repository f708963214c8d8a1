"""Frames of movies by FFmpeg: index of packets, decoding, and gaps in damaged files."""
