"""Terraform source: syntax, evaluation, modules, resources."""
