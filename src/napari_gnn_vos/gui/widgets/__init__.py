"""Qt and magicgui widgets; they show a `ViewState` and call the annotator."""
