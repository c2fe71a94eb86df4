"""A verification for people."""

from __future__ import annotations

from phiward.attest.verify.model import FAILED, IDENTITY, PASSED, Check, Verification
from phiward.reporters.text import clean, named

_WORDS = {PASSED: "ok", FAILED: "FAILED"}
_NOT_MADE = "not checked"
_MOST_FILES = 50


def render(verification: Verification) -> str:
    """One line a check, those that were not made among them, and the answer last."""
    width = max(len(check.name) for check in verification.checks)
    lines = [line for check in verification.checks for line in _lines(check, width)]
    return "\n".join([*lines, "", _answer(verification)]) + "\n"


def _lines(check: Check, width: int) -> list[str]:
    word = _WORDS.get(check.outcome, _NOT_MADE)
    lines = [f"{word:<{len(_NOT_MADE)}}  {check.name:<{width}}  {clean(check.detail)}"]
    lines += [f"  {item.problem}: {named(item.path)}" for item in check.files[:_MOST_FILES]]
    if len(check.files) > _MOST_FILES:
        lines.append(f"  and {len(check.files) - _MOST_FILES} more; --format json names them all")
    return lines


def _answer(verification: Verification) -> str:
    target = named(verification.target)
    if verification.verified:
        return f"VERIFIED: {target}, as far as it was checked"
    failed = [check.name for check in verification.checks if check.outcome == FAILED]
    if failed:
        return f"NOT VERIFIED: {target}: {', '.join(failed)}"
    known = any(check.name == IDENTITY and check.outcome == PASSED for check in verification.checks)
    why = "" if known else ": NOBODY WAS NAMED WHOSE SIGNATURE THIS SHOULD BE (--key, or --identity and --issuer)"
    return f"NOT VERIFIED: {target}{why}"
