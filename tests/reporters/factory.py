"""Reports built by hand: the engine is not needed to test how a report is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from phiward.model.baseline import Comparison, Recorded, Remaining
from phiward.model.finding import (
    Diagnostic,
    Evidence,
    Finding,
    Level,
    Loosened,
    PackIdentity,
    Report,
    Subject,
    Summary,
    Verdict,
    Waiver,
)
from phiward.model.location import Location, Span
from phiward.model.rule import Rule, Severity
from phiward.model.value import Partial, Reference, Sensitive, Unknown
from phiward.record import replace

HOSTILE = {
    "control characters": "a\x00\x07\x08\x0b\x7f\x85z",
    "escape sequences": "\x1b[31mred\x1b]8;;http://evil.example\x07link\x1b[2J",
    "markup": "[red]x[/red][link=http://evil.example]y[/link]",
    "end of CDATA": "]]>&<b a='1'>\"",
    "line ends": "one\r\ntwo\u2028three\u2029four",
    "direction override": "\u202egpj.\u2066exe\u200f",
    "emoji and wide characters": "患者\U0001f469\u200d\U0001f680데이터",
    "noncharacters": "\ufffe\uffff\ufeff",
    "lone surrogates": "\ud800x\udc80",
    "SARIF link and placeholder": "[click](http://evil.example) {0} {1}",
    "format strings": "%s {x} ${y} $(z)",
}
DB_SOURCE = """\
variable "retention" {}

resource "aws_db_instance" "main" {
  for_each            = var.tenants
  engine              = "postgres"
  storage_encrypted   = false
\tkms_key_id\t= "患者鍵/${each.key}" # per tenant
  password            = "correct horse battery staple"
}

resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
SOURCES = {"modules/db/main.tf": DB_SOURCE}


def rule(rule_id: str = "encryption-at-rest", severity: Severity = Severity.HIGH, **changes: Any) -> Rule:
    fields: dict[str, Any] = {
        "title": "Data stores are encrypted at rest",
        "theme": "encryption-at-rest",
        "citations": ("164.312(a)(2)(iv)",),
        "message": "{resource} stores data unencrypted: {property} is {observed}",
        "because": "A stolen disk or snapshot of a store that is not encrypted gives away every record on it.",
        "fix": "Turn on storage encryption when the store is created; an existing one is copied through a snapshot.",
        "fix_snippets": {"terraform": 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n}\n'},
        "equivalents": {"checkov": ("CKV_AWS_16",), "trivy": ("AVD-AWS-0080",)},
        "select": {"kind": "datastore"},
        "when": None,
        "check": None,
        "graph": None,
    }
    return Rule(id=rule_id, severity=severity, **(fields | changes))


KEY_RULE = rule(
    "customer-managed-key",
    Severity.MEDIUM,
    title="PHI is encrypted with customer-managed keys",
    fix="Give the store a KMS key of your own.",
)
OPEN_RULE = rule(
    "no-public-ingress",
    Severity.CRITICAL,
    title="Databases take no connections from the internet",
    theme="network",
    citations=("164.312(a)(1)", "164.312(e)(1)"),
    fix="Name the application's security group instead of addresses.",
)
SECRET_RULE = rule(
    "no-plaintext-secret", Severity.LOW, title="Secrets stand in no source file", theme="secrets", fix=""
)


def at(
    line: int, column: int = 1, end_column: int = 0, *, end_line: int = 0, path: str = "modules/db/main.tf"
) -> Location:
    return Location(path, Span(line, column, end_line or line, end_column or column + 10))


def subject(address: str = "aws_db_instance.main", tenant: str | None = None, **changes: Any) -> Subject:
    fields: dict[str, Any] = {
        "type": "aws.rds.instance",
        "native_type": "aws_db_instance",
        "source": "terraform",
        "data_class": "phi",
    }
    return Subject(address=address, tenant=tenant, **(fields | changes))


ENCRYPTED = Evidence(
    property="encryption.at_rest",
    observed=False,
    expected=True,
    location=at(6, 3, 30),
    write="storage_encrypted = true",
    attribute="storage_encrypted",
)


def finding(
    verdict: Verdict = Verdict.FAIL,
    address: str = "aws_db_instance.main",
    *,
    of: Rule | None = None,
    evidence: Iterable[Evidence] = (ENCRYPTED,),
    location: Location | None = None,
    **changes: Any,
) -> Finding:
    of = of or rule()
    tenant = changes.pop("tenant", None)
    fields: dict[str, Any] = {"message": f"{address} stores data unencrypted: encryption.at_rest is false"}
    where = location or at(6, 3, 30)
    return Finding(
        rule=of,
        verdict=verdict,
        subject=subject(address, tenant),
        location=where,
        evidence=tuple(evidence),
        **(fields | changes),
    )


def waiver(**changes: Any) -> Waiver:
    fields: dict[str, Any] = {
        "rule": "encryption-at-rest",
        "reason": "moved to the new cluster in January",
        "owner": "platform",
        "expires": date(2027, 1, 31),
        "location": at(4, path="waivers.yaml"),
    }
    return Waiver(**(fields | changes))


def diagnostic(level: Level = Level.ERROR, code: str = "syntax", **changes: Any) -> Diagnostic:
    fields: dict[str, Any] = {
        "message": "unexpected end of file",
        "path": "broken/main.tf",
        "line": 3,
        "column": 7,
    }
    return Diagnostic(level=level, code=code, **(fields | changes))


def report(findings: Iterable[Finding] = (), **changes: Any) -> Report:
    findings = tuple(findings)
    counts = Counter("waived" if f.waiver and f.verdict is Verdict.FAIL else f.verdict.value for f in findings)
    failed = any(f.failing for f in findings)
    fields: dict[str, Any] = {
        "diagnostics": (),
        "summary": Summary(
            passed=counts["pass"],
            failed=counts["fail"],
            unknown=counts["unknown"],
            not_applicable=counts["not-applicable"],
            waived=counts["waived"],
            resources=len({f.subject.address for f in findings}),
        ),
        "exit_status": 1 if failed else 0,
        "gate": f"{counts['fail']} findings at or above low" if failed else "no finding at or above low",
        "pack": PackIdentity("2026.11", "sha256:" + "ab" * 32),
        "target": "envs/prod",
        "roots": ("modules/db",),
        "sources": SOURCES,
    }
    return Report(findings=findings, **(fields | changes))


def unknown_finding(address: str, why: Unknown, **changes: Any) -> Finding:
    evidence = Evidence("encryption.key", why, "customer", at(7, 2, 14), attribute="kms_key_id")
    return finding(
        Verdict.UNKNOWN, address, evidence=[evidence], location=at(7, 2, 14), message="undecided",
        **{"of": KEY_RULE, **changes},
    )  # fmt: skip


def estate() -> Report:
    """A report with one of everything, as a tenant-by-tenant database module gives it."""
    tenants = ["mercy", "lakeside", "st-olaf"]
    addresses = [f'module.db["{tenant}"].aws_db_instance.main' for tenant in tenants]
    unencrypted = [finding(address=a, tenant=t) for a, t in zip(addresses, tenants, strict=True)]
    no_value = Unknown("variable `retention` has no value", "pass --var-file, or give the variable a default")
    undecided = [unknown_finding(a, no_value, tenant=t) for a, t in zip(addresses, tenants, strict=True)]
    ingress = Evidence(
        "network.ingress.cidrs",
        ["10.0.0.0/8", "0.0.0.0/0"],
        "lacks 0.0.0.0/0, ::/0",
        at(12, 3, 4, end_line=17),
        write="security_groups = [aws_security_group.app.id]",
        attribute="ingress[0].cidr_blocks",
    )
    open_port = finding(
        address="aws_security_group.db", of=OPEN_RULE, evidence=[ingress], location=ingress.location,
        message="aws_security_group.db lets the internet reach port 5432",
    )  # fmt: skip
    secret = Evidence("secret.plaintext", Sensitive("correct horse battery staple"), "not set", at(8, 3, 55))
    password = finding(
        address="aws_db_instance.main", of=SECRET_RULE, evidence=[secret], location=secret.location,
        message="aws_db_instance.main holds a password in its source",
    )  # fmt: skip
    passes = [finding(Verdict.PASS, f"aws_s3_bucket.b{n}", message="encrypted", location=at(n)) for n in range(1, 6)]
    accepted = finding(address="aws_db_instance.legacy", waiver=waiver())
    silent = finding(Verdict.NOT_APPLICABLE, "aws_iam_role.ci", evidence=[], location=at(1))
    every = sorted([*unencrypted, *undecided, open_port, password, *passes, accepted, silent], key=lambda f: f.sort_key)
    base = report(every)
    return report(
        every,
        diagnostics=(
            diagnostic(incomplete=True, hint="fix the file, or exclude it in phiward.yaml"),
            diagnostic(Level.WARNING, "waiver-unused", message="this waiver matches nothing", path="waivers.yaml", line=9),
        ),
        summary=Summary(
            passed=base.summary.passed, failed=base.summary.failed, unknown=base.summary.unknown,
            not_applicable=1, waived=1, resources=12, unmodelled=3,
        ),
        unmodelled_types={"aws_sagemaker_domain": 1, "aws_lightsail_instance": 2},
        loosened=(Loosened("log_retention_days", 2190, 365),),
    )  # fmt: skip


def compared(text: str = "aws_db_instance.gone") -> Report:
    """A report that was held against a baseline; instances of one line are new and existing."""
    was = Recorded("f" * 32, "encryption-at-rest", text, text, text, date(2026, 1, 2), 2)
    of = estate()
    states = ["existing", "new", "new"]
    findings = [replace(f, baseline=states.pop() if states else "existing") if f.failing else f for f in of.findings]
    found = Comparison("phiward.baseline.json", 3, 2, (was,), (Remaining(was, "it could not be decided"),))
    return replace(of, findings=tuple(findings), baseline=found)


def values() -> Report:
    """Every shape of value that evidence can hold."""
    reference = Reference("aws_kms_key.a", ("arn",))
    shapes: list[Any] = [
        None, True, 7, 2.5, "text", "two words", float("inf"), 10**5000, [], {},
        [1, Unknown("computed", "apply it")], {"unknown": "a tag of that name"}, {"a": {"b": Sensitive("hunter2")}},
        Unknown("computed"), reference, Partial(("arn:aws:s3:::", reference, "/*")), Sensitive("hunter2"),
        list(range(10_000)), "x" * 10_000,
    ]  # fmt: skip
    evidence = [Evidence(f"p{n}", shape, shape, at(6, 3, 30)) for n, shape in enumerate(shapes)]
    return report([finding(evidence=evidence)])


def hostile(text: str) -> Report:
    """`text` in every place of a report that somebody else writes."""
    tenant = text or None
    where = at(2, 1, 4, path=f"dir/{text}.tf")
    pack = rule(text, title=text, theme=text, because=text, fix=text, citations=(text,), message=text)
    evidence = Evidence(text, {text: [text]}, text, where, write=text, attribute=text)
    unknown = Evidence(text, Unknown(text, text), text, where)
    base = {"of": pack, "message": text, "tenant": tenant}
    findings = [
        finding(address=text, evidence=[evidence], location=where, **base),
        finding(address=text + "2", evidence=[evidence], location=where, **base),
        finding(Verdict.UNKNOWN, text, evidence=[unknown], location=where, **base),
        finding(Verdict.PASS, text, evidence=[evidence], location=where, **base),
        finding(address=text, evidence=[evidence], location=where, waiver=waiver(reason=text, owner=text), **base),
    ]
    return report(
        findings,
        diagnostics=(diagnostic(code=text, message=text, path=text, hint=text, incomplete=True),),
        gate=text,
        pack=PackIdentity(text, text),
        target=text,
        roots=(text,),
        loosened=(Loosened(text, text, text),),
        sources={where.path: f"first\n{text}\nlast"},
        unmodelled_types={text: 1},
    )


def many(number: int) -> Report:
    """`number` failures at places of their own; every third of them critical."""
    severe, mild = rule("severe-rule", Severity.CRITICAL), rule("mild-rule", Severity.LOW)
    findings = [
        finding(
            address=f"aws_db_instance.i{n}",
            of=severe if n % 3 == 0 else mild,
            location=(where := at(n % 20_000 + 1, 3, 30, path=f"envs/e{n // 20_000}/main.tf")),
            evidence=[Evidence("encryption.at_rest", False, True, where, write="storage_encrypted = true")],
        )
        for n in range(number)
    ]
    return report(findings)
