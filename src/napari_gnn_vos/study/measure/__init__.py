"""Benchmark, cross-validation, superpixel ceiling, feature transfer, and reports."""
