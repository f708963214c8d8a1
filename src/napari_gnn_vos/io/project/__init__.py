"""Projects: video, strokes, rounds and settings, with lock, log and autosave."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"project": ["Project"]}
)
