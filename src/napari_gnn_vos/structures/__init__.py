"""Nouns: frozen values that carry arrays. Each module holds one idea."""
