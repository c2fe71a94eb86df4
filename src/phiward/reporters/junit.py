"""JUnit XML: a suite for each input root, a case for each rule and resource, for the test tab of any CI.

GitLab compares branches by a case's name and keeps the first of equal names, so a name holds the rule and the
address, nothing that changes, and is never given twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from phiward.model.finding import Diagnostic, Finding, Report, Verdict
from phiward.reporters.blocks import Page, block
from phiward.reporters.grouping import Group, loud, reasons
from phiward.reporters.lines import paint
from phiward.reporters.quote import Sources
from phiward.reporters.summary import accepted, compared, recorded
from phiward.reporters.text import clean, headline, listed, named, prose, show

_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
_WIDTH = 100
_MOST_FIXED = 20


class Suites:
    """The suites by input root, in the report's order; the target's own for files outside of all roots."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._by_root: dict[str, Element] = {}
        self._root_of: dict[str, str] = {}
        self._roots = report.roots or (report.target,)
        for root in self._roots:
            self.named(root)

    def named(self, root: str) -> Element:
        if root not in self._by_root:
            self._by_root[root] = Element("testsuite", name=clean(root))
            _suite_properties(self._by_root[root], self._report)
        return self._by_root[root]

    def of(self, path: str, scope: str = "") -> Element:
        """Return the suite of the declaring root, or else of the innermost root that holds `path`."""
        if scope in self._by_root:
            return self._by_root[scope]
        if path not in self._root_of:
            inside = [root for root in self._roots if _holds(root, path)]
            alone = self._roots[0] if len(self._roots) == 1 else self._report.target
            self._root_of[path] = max(inside, key=len) if inside else alone
        return self.named(self._root_of[path])

    def __iter__(self) -> Iterator[Element]:
        return iter(self._by_root.values())


def _holds(root: str, path: str) -> bool:
    return root in {"", "."} or path == root or path.startswith(root.rstrip("/") + "/")


def render(report: Report) -> str:
    """Return the XML document. Every text was cleaned: no character stands in it that XML 1.0 forbids."""
    suites = Suites(report)
    _add_scans(suites, report)
    _add_cases(suites, report)
    _add_remarks(suites, report)
    top = Element("testsuites", name="phiward")
    top.extend(suites)
    _count(top)
    indent(top, " ")
    return _HEADER + tostring(top, encoding="unicode") + "\n"


def _suite_properties(suite: Element, report: Report) -> None:
    values = {"pack.version": report.pack.version, "pack.digest": report.pack.digest, "gate": report.gate}
    if report.baseline:
        fixed = listed(list(map(recorded, report.baseline.fixed)), _MOST_FIXED)
        values["baseline"] = compared(report.baseline) + (f" Fixed: {fixed}." if fixed else "")
    for one in report.loosened:
        name, said = f"loosened.{one.parameter}", f"{show(one.value)}, the pack asks {show(one.default)}"
        values[name] = f"{values[name]}; {said}" if name in values else said
    _properties(suite, list(values.items()))


def _properties(element: Element, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        properties = SubElement(element, "properties")
        for name, value in pairs:
            SubElement(properties, "property", name=clean(name), value=prose(value))


def _add_scans(suites: Suites, report: Report) -> None:
    """Return what could not be read: one case for each file."""
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in sorted(filter(loud, report.diagnostics), key=lambda d: d.sort_key):
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    for path, diagnostics in by_path.items():
        suite = suites.of(path)
        name = f"scan {clean(path or report.target)}"
        case = SubElement(suite, "testcase", classname="phiward.scan", name=name)
        if path:
            case.set("file", clean(path))
        first = diagnostics[0]
        error = SubElement(case, "error", type=clean(first.code), message=headline(first.message))
        error.text = "\n".join(map(_told, diagnostics))


def _told(diagnostic: Diagnostic) -> str:
    at = f"{diagnostic.path}:{diagnostic.line}:{diagnostic.column}" if diagnostic.line else diagnostic.path
    hint = f"\n  {prose(diagnostic.hint)}" if diagnostic.hint else ""
    code = f"{diagnostic.level.value}[{clean(diagnostic.code)}]"
    return f"{clean(at)}: {code} {headline(diagnostic.message)}{hint}"


def _add_cases(suites: Suites, report: Report) -> None:
    spoken = [finding for finding in report.findings if finding.verdict is not Verdict.NOT_APPLICABLE]
    spoken.sort(key=lambda finding: finding.sort_key)
    page = Page(Sources(report.sources), _WIDTH, verbose=True)
    refused = report.unknown_refused
    for finding, name in zip(spoken, _names(spoken), strict=True):
        rule = finding.rule
        case = SubElement(
            suites.of(finding.location.path, finding.subject.scope),
            "testcase",
            classname=f"hipaa.{clean(rule.theme)}.{clean(rule.id)}",
            name=name,
            file=clean(finding.location.path),
        )
        known = [("baseline", finding.baseline)] if finding.baseline else []
        _properties(case, [*(("citation", citation) for citation in rule.citations), *known])
        _result(case, finding, page, refused)


def _names(findings: list[Finding]) -> list[str]:
    """`<rule-id> <address>`; where two roots declare the same address, the root tells them apart."""
    plain = [f"{clean(f.rule.id)} {named(f.subject.address)}" for f in findings]
    times = Counter(plain)
    seen: Counter[str] = Counter()
    names = []
    for finding, name in zip(findings, plain, strict=True):
        apart = clean(finding.subject.scope or finding.location.path)
        told = name if times[name] == 1 else f"{name} ({apart})"
        seen[told] += 1
        names.append(told if seen[told] == 1 else f"{told} #{seen[told]}")
    return names


def _result(case: Element, finding: Finding, page: Page, refused: bool) -> None:
    """Return the outcome below a case; a pass has none."""
    if finding.verdict is Verdict.PASS:
        return
    if finding.waiver is not None:
        told = f"waived {accepted(finding.waiver)}"
        _outcome(case, "skipped", "waived", told, f"{told}\n{_cited(finding)}")
    elif finding.verdict is Verdict.FAIL:
        story = paint(block(Group((finding,)), page), color=False)
        _outcome(case, "failure", finding.rule.severity.label, headline(finding.message), "\n" + story)
    else:
        kind = "failure" if refused else "skipped"
        whys = "; ".join(clean(unknown.reason) for unknown in reasons(finding)) or headline(finding.message)
        hints = dict.fromkeys(clean(unknown.hint) for unknown in reasons(finding) if unknown.hint)
        told = "\n".join([f"unknown: {whys}", *hints, clean(str(finding.location)), _cited(finding)])
        _outcome(case, kind, "unknown", f"unknown: {whys}", told)


def _outcome(case: Element, kind: str, type_: str, message: str, text: str) -> None:
    SubElement(case, kind, type=type_, message=message).text = text


def _cited(finding: Finding) -> str:
    return "cites: 45 CFR " + clean(", ".join(finding.rule.citations)) if finding.rule.citations else ""


def _add_remarks(suites: Suites, report: Report) -> None:
    """Add what is worth saying and fails nothing, after the cases of its suite."""
    remarks: dict[Element, list[str]] = {}
    for diagnostic in report.diagnostics:
        if not loud(diagnostic):
            remarks.setdefault(suites.of(diagnostic.path), []).append(_told(diagnostic))
    for suite, told in remarks.items():
        SubElement(suite, "system-out").text = "\n".join(told)


def _count(top: Element) -> None:
    totals: Counter[str] = Counter()
    for suite in top:
        counts = {
            "tests": len(suite.findall("testcase")),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
            "skipped": len(suite.findall("testcase/skipped")),
        }
        totals.update(counts)
        for name, number in counts.items():
            suite.set(name, str(number))
    for name in ("tests", "failures", "errors"):
        top.set(name, str(totals[name]))
