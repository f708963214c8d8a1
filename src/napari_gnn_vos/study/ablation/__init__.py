"""The tables of the paper, and ours: what each part is worth."""
