"""Networks in PyTorch, their weights, and the backends that execute them."""
