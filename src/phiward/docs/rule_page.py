"""The page of one rule: what it asks and why, where it looks, how it fails and passes, and what others call it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phiward.coverage import Speaker, citation_title
from phiward.docs.page import Block, Code, Items, Line, Link, Name, Page, Paragraph, Section, Table, names, prose
from phiward.docs.places import place
from phiward.engine.graph_rules import graph_rule
from phiward.engine.predicate import properties_of
from phiward.markdown import anchor
from phiward.model.rule import Rule
from phiward.pack import Pack, Row
from phiward.pack.vocabulary import DIALECTS
from phiward.record import dataclass

_ASSERTION = ("resources", "given", "when", "assert", "graph", "needs")
_TOOLS = {
    "checkov": "Checkov",
    "trivy": "Trivy",
    "tfsec": "tfsec",
    "prowler": "Prowler",
    "aws-config": "AWS Config",
    "cfn-guard": "CloudFormation Guard",
    "powerpipe": "Powerpipe",
}
_SHOWN = {"fail": "Fails", "pass": "Passes"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages of all rules are made of, beside the compiled pack."""

    pack: Pack
    rows: tuple[Row, ...]
    properties: Mapping[str, Mapping[str, Any]]
    themes: Mapping[str, str]


def rule_page(speaker: Speaker, sources: Sources) -> Page:
    rule = speaker.rule
    raw = sources.pack.document(rule)
    theme = sources.themes.get(rule.theme, rule.theme)
    intro: tuple[Block, ...] = (
        Paragraph(
            (Name(rule.id), f", {rule.severity.label} severity. Theme: ", Link(theme, f"README.md#{anchor(theme)}"))
        ),
        Paragraph(("Judges ", *names(speaker.sources), ".")),
    )
    sections = [
        Section("What it asks", tuple(_asked(rule, raw, sources))),
        Section("Why", (Paragraph(prose(rule.because)),)),
        Section("Citations", (Items(tuple(_cited(rule, sources.pack))),)),
        Section("Fix", (Paragraph(prose(rule.fix)), *_snippets(rule))),
        Section("Examples", tuple(_examples(raw["examples"]))),
        Section("Where it looks", tuple(_places(speaker, sources))),
        Section("Exception", (Code(f"# phiward:ignore {rule.id} until=YYYY-MM-DD owner=NAME -- reason", ""),)),
    ]
    if rule.equivalents:
        called = tuple(
            (f"{_TOOLS[tool]}: ", *names(rule.equivalents[tool])) for tool in _TOOLS if rule.equivalents.get(tool)
        )
        sections.append(Section("Equivalents", (Items(called),)))
    if raw.get("references"):
        sections.append(Section("References", (Items(tuple((uri,) for uri in raw["references"])),)))
    return Page(rule.title, intro, tuple(sections))


def _asked(rule: Rule, raw: Mapping[str, Any], sources: Sources) -> Iterator[Block]:
    import yaml

    spoken = {key: raw[key] for key in _ASSERTION if key in raw}
    yield Code(yaml.safe_dump(spoken, sort_keys=False, width=96, allow_unicode=True), "yaml")
    if rule.graph is not None:
        said = (graph_rule(rule.graph).__doc__ or "").strip().partition("\n\n")[0]
        yield Paragraph((Name(rule.graph), " looks at the whole graph. ", *prose(said)))
    titles = [
        (Name(name), ": ", *prose(sources.properties[name]["title"])) for name in properties_of(rule.check, rule.when)
    ]
    parameters = [
        (Name(name), f": {spec['title']}; default ", Name(str(spec["default"])), f". {spec['because']}")
        for name in _parameters(rule)
        for spec in (sources.pack.parameters[name],)
    ]
    if titles or parameters:
        yield Items((*titles, *parameters))


def _parameters(rule: Rule) -> list[str]:
    found = [rule.needs] if rule.needs else []
    return list(dict.fromkeys([*found, *_operands([rule.when, rule.check])]))


def _operands(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(value.get("parameter"), str):
        yield value["parameter"]
    elif isinstance(value, list):
        for part in value:
            yield from _operands(part)


def _cited(rule: Rule, pack: Pack) -> Iterator[Line]:
    for citation in rule.citations:
        entry = pack.citations[citation]
        where = Link(citation, f"citations.md#{anchor(f'{citation} {citation_title(entry)}')}")
        yield where, f" {citation_title(entry)} ({entry['designation']}): {entry['summary']}"


def _snippets(rule: Rule) -> Iterator[Block]:
    for dialect in DIALECTS:
        if dialect in rule.fix_snippets:
            yield Code(rule.fix_snippets[dialect], dialect)


def _examples(examples: Iterable[Mapping[str, Any]]) -> Iterator[Block]:
    """The first example that fails and the first that passes, in each dialect."""
    seen = set()
    for example in examples:
        dialect = next((name for name in DIALECTS if name in example), "files")
        key = (example["expect"], dialect)
        if example["expect"] not in _SHOWN or key in seen:
            continue
        seen.add(key)
        yield Paragraph((f"{_SHOWN[example['expect']]}: ", *prose(example["title"]), "."))
        if "settings" in example:
            yield Paragraph(("With ", Name("phiward.yaml"), ":"))
            yield Code(_yaml(example["settings"]), "yaml")
        if dialect != "files":
            written = example[dialect]
            yield Code(written if isinstance(written, str) else _yaml(written), dialect)
            continue
        for name, text in example["files"].items():
            yield Paragraph((Name(name), ":"))
            yield Code(text, "yaml" if name.endswith((".yaml", ".yml")) else "terraform")


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False))


def _places(speaker: Speaker, sources: Sources) -> Iterator[Block]:
    read = properties_of(speaker.rule.check, speaker.rule.when)
    rows = [row for row in sources.rows if row.type in speaker.types.get(row.dialect, ())]
    for dialect in speaker.types:
        table = [
            ((Name(row.type),), names(row.native_types), (Name(name),) if name else (), *(_told(row, name)))
            for row in sorted(rows, key=lambda row: row.type)
            if row.dialect == dialect
            for name in [name for name in read if name in row.properties] or [""]
        ]
        yield Paragraph((f"In {dialect}:",))
        yield Table(("Type", "Written as", "Property", "Stands in", "Without it"), tuple(table))


def _told(row: Row, name: str) -> tuple[Line, Line]:
    return place(row, name) if name else (("the resource and what it refers to",), ())
