"""Training with the robot in the loop."""
