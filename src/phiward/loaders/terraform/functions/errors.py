"""What Terraform's functions raise."""

from __future__ import annotations

from phiward.loaders.terraform.errors import EvaluationError


class FunctionError(EvaluationError):
    """A call that Terraform would refuse, or whose result we cannot give exactly.

    The message completes "Call to function X failed: ..."; the evaluator turns it into an `Unknown`, or
    lets `try` and `can` catch it.
    """


class CannotTell(FunctionError):  # noqa: N818 - it is about us, no error of the call
    """Terraform may well have a result, but we cannot give it exactly.

    Functions answer with an `Unknown` then, so that `try` does not go on to its next argument.
    """
