"""Interchange formats of label images; `registry` lists all of them."""
