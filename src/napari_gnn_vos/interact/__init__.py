"""From scribbles to the inputs of the network, every round."""
