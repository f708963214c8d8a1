"""Training with a simulated annotator in the loop."""
