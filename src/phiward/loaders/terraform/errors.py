"""What evaluation raises; never seen outside the loader."""

from __future__ import annotations


class EvaluationError(Exception):
    """An expression that Terraform would refuse: the value becomes unknown, and `try` and `can` see it."""
