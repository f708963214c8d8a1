"""Networks: tensors in, tensors out. No file formats but weights, no windows."""
