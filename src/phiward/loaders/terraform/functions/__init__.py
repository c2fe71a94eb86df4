"""Terraform's built-in functions: see `table`."""
