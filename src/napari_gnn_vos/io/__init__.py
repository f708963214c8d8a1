"""Readers of videos and annotations, exports, and the store of prepared graphs."""
