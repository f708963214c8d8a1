"""From a video to its superpixel graph, once per video."""
