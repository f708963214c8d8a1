"""What napari sees: layers in, layers out. The only room with a window."""
