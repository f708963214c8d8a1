"""Fine-tuning of the feature projection and the network on a user's own videos."""
