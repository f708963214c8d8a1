"""State of an annotation and its jobs, without Qt and without napari."""
