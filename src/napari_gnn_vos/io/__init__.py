"""Read videos and annotations, write labels, and store graphs and projects."""
