"""Ablation tables: those of the paper and further ones."""
