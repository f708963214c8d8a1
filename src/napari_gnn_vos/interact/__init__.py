"""Convert strokes to network inputs, and predicted probabilities to pixel labels."""
