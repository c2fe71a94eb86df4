"""What a call that fails may change in the verdicts of a scan: what was decided may become unknown, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from phiward.model.finding import Finding, Verdict

DECIDED = (Verdict.PASS, Verdict.FAIL)
Key = tuple[str, str, str]


def by_key(findings: Sequence[Finding]) -> Mapping[Key, Verdict]:
    return {_key(f): f.verdict for f in findings}


def _key(finding: Finding) -> Key:
    subject = finding.subject
    return finding.rule.id, subject.scope or subject.path, subject.address


def wrong(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[str]:
    """Each verdict that a failed call made up, changed or let vanish."""
    old, new = by_key(before), by_key(after)
    doubted = {(f.rule.id, f.subject.native_type) for f in after if f.verdict is Verdict.UNKNOWN}
    newly = {
        rule
        for (rule, *about), verdict in new.items()
        if verdict is Verdict.UNKNOWN and old.get((rule, *about)) is not verdict
    }
    torn = {_key(f) for f in before if f.verdict is Verdict.UNKNOWN and "write it differently" in f.message}
    for key, verdict in new.items():
        was = old.get(key)
        if key in torn:
            continue  # two side resources say different things, and one of them was not read
        if was is None and verdict is Verdict.PASS and " account " in f" {key[2]} ":
            continue  # it holds of the account, whether or not there is something that asks for it
        if was is Verdict.NOT_APPLICABLE and verdict is Verdict.PASS:
            continue  # what a rule asks for is there, whether or not it asks
        if verdict in DECIDED and was is not verdict:
            yield f"{was or 'nothing'} -> {verdict}: {' '.join(key)}"
    for f in before:
        key = _key(f)
        now = new.get(key)
        if f.verdict is Verdict.NOT_APPLICABLE or now in (f.verdict, Verdict.UNKNOWN) or now in DECIDED:
            continue
        if (f.rule.id, f.subject.native_type) not in doubted and f.rule.id not in newly:
            yield f"{f.verdict} -> {now or 'nothing'}, and no doubt of the rule: {' '.join(key)}"
