"""Findings with the exceptions to them: what is written at the resources, in files, and for other scanners."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from phiward.gate.exceptions import Accepted, Exceptions, Judged, Tags
from phiward.gate.foreign_ignores import explain_foreign_ignores, read_foreign_ignores
from phiward.gate.ignores import Subject, read_ignores
from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, Finding
from phiward.model.location import Lines
from phiward.model.project import WaiverTerms
from phiward.model.resource import Scope
from phiward.model.value import Value
from phiward.pack import Outline, Pack
from phiward.pack.equivalents import by_equivalent
from phiward.settings import WAIVERS_FILE, LiveSettings, Projects, Settings

if TYPE_CHECKING:
    from phiward.gate.selectors import Listed, WaiverFile

LIVE = "aws"
"""The source of what runs: its addresses are ARNs."""


def waive(
    findings: list[Finding],
    loaded: Loaded,
    graph: ResourceGraph,
    rules: Iterable[Outline],
    tree: Tree,
    settings: Settings,
) -> Accepted:
    """Findings with their exceptions, what is to be said of these, and each of them with its use."""
    kept, pack = loaded.sources.kept, graph.pack
    inline = read_ignores(kept, loaded.resources, pack)
    found = _files(loaded.scopes, tree, settings)
    files, problems = _read(found, tree, pack) if found else ([], [])
    foreign = read_foreign_ignores(kept, loaded.resources)
    lines = lines_of(loaded) if inline.waivers or foreign else {}
    accepted = Accepted(findings, [], ())
    if inline.waivers or any(file.listed for file in files):
        judged = Judged(_run(rules, settings), _looked_at(loaded.scopes, tree, settings))
        exceptions = Exceptions(inline, files, lines, tags_of(graph))
        accepted = exceptions.apply(findings, _terms(tree, settings), tree.outside.today(settings.today), judged)
    said = [*inline.diagnostics, *problems, *accepted.diagnostics]
    if foreign:
        said += explain_foreign_ignores(foreign, accepted.findings, lines, by_equivalent(pack.rules))
    return Accepted(accepted.findings, said, accepted.uses)


def lines_of(loaded: Loaded) -> dict[Subject, tuple[Lines, ...]]:
    """Where a comment is about a resource: at its own block, or at a module block around it."""
    return {
        (r.scope.path, r.address): (*r.origin.lines(), *(call.lines for call in r.module_calls))
        for r in loaded.resources
    }


def tags_of(graph: ResourceGraph) -> Tags:
    """The tags of what a finding is about, looked up where an exception asks for them."""
    views: dict[Subject, View] = {}

    def tags(finding: Finding) -> Value:
        if not views:
            views.update(((v.resource.scope.path, v.resource.address), v) for v in (*graph.alone, *graph.views))
        view = views.get((finding.subject.scope, finding.subject.address))
        return view.tags if view else {}

    return tags


def _files(scopes: Iterable[Scope], tree: Tree, settings: Settings) -> dict[Path, set[str]]:
    """The files of exceptions, each with the scopes that it is the nearest one upwards of."""
    found: dict[Path, set[str]] = {}
    for scope in scopes:
        file = tree.nearest(WAIVERS_FILE, _start(scope, tree, settings))
        if file is not None:
            found.setdefault(file, set()).add(scope.path)
    return found


def _start(scope: Scope, tree: Tree, settings: Settings) -> Path:
    """Where a scope stands; what runs, and what is piped in, stands where the scan was started."""
    if tree.given is not None:
        return tree.given.parent
    if scope.source == LIVE:
        return tree.outside.resolve(settings.paths[0] if settings.paths else Path())
    return tree.base / scope.path


def _read(found: Mapping[Path, set[str]], tree: Tree, pack: Pack) -> tuple[list[WaiverFile], list[Diagnostic]]:
    from phiward.gate.waiver_file import read_waiver_file

    read = [read_waiver_file(file, frozenset(scopes), tree, pack) for file, scopes in sorted(found.items())]
    return [file for file, _ in read], [problem for _, problems in read for problem in problems]


def _run(rules: Iterable[Outline], settings: Settings) -> frozenset[str]:
    """The rules that ran on everything that was read."""
    return frozenset(rule.id for rule in rules if rule.severity >= settings.severity and not settings.tenants)


def _looked_at(scopes: Iterable[Scope], tree: Tree, settings: Settings) -> Callable[[WaiverFile, Listed], bool]:
    """Whether all was read that an exception of a file may be about: its directory, or the account of its ARN."""
    accounts = {scope.path.rpartition("/")[2] for scope in scopes if scope.source == LIVE}
    holes = any(diagnostic.incomplete for diagnostic in tree.diagnostics)
    paths = frozenset(tree.outside.resolve(path) for path in settings.paths)

    def looked_at(file: WaiverFile, one: Listed) -> bool:
        if holes or settings.changed or tree.given is not None:
            return False
        if one.selector.live:
            _, _, _, region, account, *_ = [*(one.selector.arn or one.selector.address).split(":"), *[""] * 5]
            return account in accounts and _called_in(region, settings.live)
        directory = tree.base / file.directory
        return directory in paths or not paths.isdisjoint(directory.parents)

    return looked_at


def _called_in(region: str, live: LiveSettings | None) -> bool:
    """Whether every service of a region was asked."""
    return live is not None and not live.services and (region in ("", *live.regions) or "all" in live.regions)


def _terms(tree: Tree, settings: Settings) -> Callable[[str], WaiverTerms]:
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    return lambda path: projects.of((tree.base / path).parent).waivers
