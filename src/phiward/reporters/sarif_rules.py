"""The pack's side of a SARIF log: rules with their help, and the citations as a taxonomy.

Nothing here depends on one result, so that GitHub shows the same rule page for every alert.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from phiward.model.rule import Rule, Severity
from phiward.pattern import pattern
from phiward.reporters.text import clean, cut, prose

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
TAXONOMY = "45 CFR Part 164"
_PAGES = "https://github.com/phiward/phiward/blob/main/docs/rules"
_PAGED = pattern(r"[a-z0-9-]+")
"""The generated pages of the rules, and the ids that rules have."""
_MOST_TAGS = 10
_LONGEST_NAME = 255
_LONGEST_TEXT = 1024
_SECTION = pattern(r"164\.\d+")


def message(text: str) -> dict[str, str]:
    """Return a SARIF message; `](` would make a link of a hostile name."""
    return {"text": text.replace("](", "] (")}


def descriptors(rules: Sequence[Rule], taxa: Sequence[str]) -> list[dict[str, Any]]:
    """`tool.driver.rules`; `taxa` are the sorted citations that relationships point to by index."""
    index = {citation: number for number, citation in enumerate(taxa)}
    return [_descriptor(rule, index) for rule in rules]


def _descriptor(rule: Rule, index: dict[str, int]) -> dict[str, Any]:
    tags = dict.fromkeys(["security", "hipaa", clean(rule.theme), *map(clean, rule.citations)])
    return {
        "id": rule.id,
        "name": cut(_pascal(rule.id), _LONGEST_NAME),
        "shortDescription": message(cut(prose(rule.title), _LONGEST_TEXT)),
        "fullDescription": message(cut(prose(rule.because) or prose(rule.title), _LONGEST_TEXT)),
        "help": {"text": _help_text(rule), "markdown": _help_markdown(rule)},
        **({"helpUri": f"{_PAGES}/{rule.id}.md"} if _PAGED.fullmatch(rule.id) else {}),
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "precision": "high",
            "tags": list(tags)[:_MOST_TAGS],
        },
        "relationships": [
            {
                "target": {
                    "id": citation,
                    "index": index[citation],
                    "toolComponent": {"name": TAXONOMY, "index": 0},
                },
                "kinds": ["relevant"],
            }
            for citation in rule.citations
        ],
    }


def _pascal(rule_id: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", rule_id)) or "Rule"


def _help_text(rule: Rule) -> str:
    lines = [prose(rule.because), f"Fix: {prose(rule.fix)}" if rule.fix else "", f"Cites: {_cites(rule)}"]
    return message("\n\n".join(line for line in lines if line))["text"]


def _help_markdown(rule: Rule) -> str:
    parts = [prose(rule.because)]
    if rule.fix:
        parts.append(f"**Fix.** {prose(rule.fix)}")
    parts += [_fenced(source, rule.fix_snippets[source]) for source in sorted(rule.fix_snippets)]
    parts.append(f"**Cites** {_cites(rule)}")
    if rule.equivalents:
        same = (f"{clean(tool)} {', '.join(map(clean, rule.equivalents[tool]))}" for tool in sorted(rule.equivalents))
        parts.append(f"**Elsewhere called** {'; '.join(same)}")
    return "\n\n".join(part for part in parts if part)


_LANGUAGES = {"terraform": "hcl", "kubernetes": "yaml", "cloudformation": "yaml", "aws": "yaml"}


def _fenced(language: str, snippet: str) -> str:
    longest = max(map(len, re.findall(r"`+", snippet)), default=0)
    fence = "`" * max(3, longest + 1)
    body = "\n".join(map(clean, snippet.replace("\t", "  ").strip("\n").split("\n")))
    return f"{fence}{_LANGUAGES.get(language, '')}\n{body}\n{fence}"


def _cites(rule: Rule) -> str:
    return "45 CFR " + clean(", ".join(rule.citations)) if rule.citations else "nothing"


def taxonomies(citations: Sequence[str]) -> list[dict[str, Any]]:
    """Return the cited standards and specifications of the HIPAA rules, as one taxonomy."""
    return [
        {
            "name": TAXONOMY,
            "organization": "U.S. Department of Health and Human Services",
            "informationUri": "https://www.ecfr.gov/current/title-45/part-164",
            "shortDescription": {"text": "HIPAA security and privacy rules"},
            "isComprehensive": False,
            "taxa": [_taxon(citation) for citation in citations],
        }
    ]


def _taxon(citation: str) -> dict[str, Any]:
    section = _SECTION.match(citation)
    page = {"helpUri": f"https://www.ecfr.gov/current/title-45/section-{section.group()}"} if section else {}
    return {"id": citation, "shortDescription": {"text": f"45 CFR {clean(citation)}"}, **page}
