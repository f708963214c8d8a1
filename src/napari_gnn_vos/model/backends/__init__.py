"""Execution backends of the network: one module or package each, chosen by name."""
