"""Multi-object scenes composed of real single-object sequences."""
