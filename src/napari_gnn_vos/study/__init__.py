"""The robot, the rounds, the metrics, training and measuring."""
