"""Prepare the superpixel graph of a video: flow, superpixels, features and edges."""
