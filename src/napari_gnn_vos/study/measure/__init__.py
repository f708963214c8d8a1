"""What is measured: benchmark, ceiling, transfer, and the reports of them."""
