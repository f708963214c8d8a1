"""Simulated annotation sessions, metrics, training, benchmarks and ablations."""
