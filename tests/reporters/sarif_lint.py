"""The limits of GitHub code scanning and the promises of our SARIF, as checks that name what is wrong."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

_URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+")
_SEVERITIES = {"9.5": "error", "8.0": "error", "5.5": "warning", "2.0": "note"}
_LEVELS = {"error", "warning", "note"}


def lint(text: str, log: dict[str, Any]) -> list[str]:
    """Return what is wrong with a SARIF log, `text` being what `log` was read from."""
    return [*_file(text, log), *(said for run in log["runs"] for said in _run(run))]


def _file(text: str, log: dict[str, Any]) -> Iterator[str]:
    if len(gzip.compress(text.encode(), mtime=0)) > 10_000_000:
        yield "more than 10 MB after gzip"
    if len(log["runs"]) != 1:
        yield "not one run"
    if log["version"] != "2.1.0":
        yield "not SARIF 2.1.0"


def _run(run: dict[str, Any]) -> Iterator[str]:
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    if len(results) > 25_000 or len(rules) > 25_000:
        yield "more than 25,000 results or rules"
    if run["columnKind"] != "unicodeCodePoints":
        yield "columns are not code points"
    if not re.fullmatch(r"phiward(-changed)?/.+/", run["automationDetails"]["id"], re.DOTALL):
        yield f"category {run['automationDetails']['id']}"
    if not re.fullmatch(r"\d+\.\d+\.\d+.*", run["tool"]["driver"]["semanticVersion"]):
        yield "no semantic version"
    if run["invocations"][0].keys() < {"executionSuccessful", "toolExecutionNotifications"}:
        yield "the invocation says nothing"
    for rule in rules:
        yield from _rule(rule, run)
    for result in results:
        yield from _result(result, rules)
    for notification in run["invocations"][0]["toolExecutionNotifications"]:
        yield from _notification(notification)
    yield from _order(results, rules)


def _rule(rule: dict[str, Any], run: dict[str, Any]) -> Iterator[str]:
    properties = rule["properties"]
    if len(properties["tags"]) > 10 or len(set(properties["tags"])) != len(properties["tags"]):
        yield f"{rule['id']}: tags {properties['tags']}"
    if "security" not in properties["tags"]:
        yield f"{rule['id']}: GitHub reads security-severity only of rules tagged security"
    if _SEVERITIES.get(properties["security-severity"]) != rule["defaultConfiguration"]["level"]:
        yield f"{rule['id']}: severity {properties['security-severity']}"
    if not rule["help"]["text"] or not rule["help"]["markdown"]:
        yield f"{rule['id']}: no help"
    for field in ("shortDescription", "fullDescription"):
        if not 0 < len(rule[field]["text"]) <= 1024:
            yield f"{rule['id']}: {field} of {len(rule[field]['text'])} characters"
    taxa = run["taxonomies"][0]["taxa"]
    for relationship in rule["relationships"]:
        target = relationship["target"]
        if taxa[target["index"]]["id"] != target["id"]:
            yield f"{rule['id']}: relationship to {target}"


def _result(result: dict[str, Any], rules: list[dict[str, Any]]) -> Iterator[str]:
    if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
        yield f"ruleIndex {result['ruleIndex']} is not {result['ruleId']}"
    if result["level"] not in _LEVELS or result["level"] != rules[result["ruleIndex"]]["defaultConfiguration"]["level"]:
        yield f"level {result['level']}"
    if list(result["partialFingerprints"]) != ["phiward/v1"]:
        yield f"fingerprints {list(result['partialFingerprints'])}"
    if "suppressions" in result:
        yield "GitHub shows suppressed results as open"
    if not 1 <= len(result["locations"]) <= 1_000 or len(result.get("relatedLocations", [])) > 1_000:
        yield "more than 1,000 locations"
    if not result["message"]["text"] or "](" in result["message"]["text"]:
        yield f"message {result['message']}"
    for location in [*result["locations"], *result.get("relatedLocations", [])]:
        yield from _location(location)


def _notification(notification: dict[str, Any]) -> Iterator[str]:
    if notification["level"] not in _LEVELS or not notification["message"]["text"]:
        yield f"notification {notification}"
    for location in notification.get("locations", []):
        yield from _location(location)


def _location(location: dict[str, Any]) -> Iterator[str]:
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    region = location["physicalLocation"]["region"]
    if not _URI.fullmatch(uri) or uri.startswith("/") or "\\" in uri or not unquote(uri):
        yield f"URI {uri!r}"
    start = (region["startLine"], region["startColumn"])
    if min(region.values()) < 1 or (region["endLine"], region["endColumn"]) < start:
        yield f"region {region}"


def _order(results: list[dict[str, Any]], rules: list[dict[str, Any]]) -> Iterator[str]:
    severities = [float(rules[result["ruleIndex"]]["properties"]["security-severity"]) for result in results]
    if severities != sorted(severities, reverse=True):
        yield "the most severe are not first"
    places = [(r["ruleId"], str(r["locations"])) for r in results]
    if len(places) != len(set(places)):
        yield "instances of one line are not grouped"
