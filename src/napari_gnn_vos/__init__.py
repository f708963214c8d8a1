"""Label objects in whole videos by scribbles, with a small graph neural network."""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "config": ["Config"],
        "engine": ["annotate", "predict", "start"],
        "errors": ["GnnVosError"],
        "gui.scripting": ["annotator"],
        "interact.uncertainty": ["least_sure", "most_uncertain_frames"],
        "io.read": ["read_video"],
        "model.loading": ["load_model"],
        "progress": ["drain"],
        "structures.scribbles": ["Scribble"],
        "structures.session": ["Session"],
        "structures.video": ["Video"],
    },
)
__all__ += ["__version__"]
