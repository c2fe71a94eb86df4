"""The program on one screen: collect -> load -> link -> judge -> waive -> report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from phiward.engine.judge import Selection, judge
from phiward.errors import NothingToScan, UsageError
from phiward.gate.ignores import apply_ignores, read_ignores
from phiward.gate.status import exit_status, summarise
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.collect import load
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, Finding, Loosened, Report
from phiward.model.location import Location
from phiward.outside import Outside
from phiward.pack import Outline, Pack, load_pack
from phiward.settings import Settings

_DEEPEST = 20_000
"""Python frames; locals may refer to one another in long chains, and each link takes a few."""


def scan(
    settings: Settings, progress: Callable[[str], None] = lambda _: None, outside: Outside | None = None
) -> Report:
    """Scan the paths of the settings. Raises PhiwardError for what was asked wrongly or is not there."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))
    outside = outside or Outside()
    paths = existing(settings.paths, outside)
    pack = load_pack()
    rules = selected_rules(pack, settings)
    tree = Tree.around(paths, outside)
    loaded = load(tuple(map(outside.resolve, paths)), tree, settings, progress)
    graph = ResourceGraph(loaded.resources, pack)
    findings = judge(graph, loaded.scopes, Selection(rules, frozenset(settings.tenants)), progress)
    ignores = read_ignores(loaded.sources, (rule.id for rule in pack.outlines))
    warnings = list(ignores.diagnostics)
    if ignores.waivers:
        findings, unused = apply_ignores(findings, blocks_of(loaded), ignores.waivers, outside.today(settings.today))
        warnings += unused
    if not loaded.scopes and not tree.diagnostics and not settings.changed:
        hint = (
            "give a directory or file that holds .tf, .tofu or .tf.json files, a plan or state, or Kubernetes manifests"
        )
        raise NothingToScan("no Terraform and no Kubernetes manifest was found", hint=hint)
    return report(settings, pack, tree, loaded, graph, findings, warnings)


def existing(paths: Sequence[Path], outside: Outside) -> tuple[Path, ...]:
    """The paths, each of which is there. Raises UsageError."""
    for path in paths:
        try:
            found = outside.kind(path.absolute())  # absolute() raises where the working directory is gone
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        if not found:
            raise UsageError(f"there is no file or directory {str(path)!r}")
    return tuple(paths)


def selected_rules(pack: Pack, settings: Settings) -> list[Outline]:
    """The rules to run. Raises UsageError for one that does not exist."""
    known = {rule.id for rule in pack.outlines}
    for id_ in settings.rules:
        if id_ not in known:
            raise UsageError(f"there is no rule {id_!r}", hint="`phiward rules list` shows them all")
    asked = settings.rules or known
    return [rule for rule in pack.outlines if rule.id in asked and rule.severity >= settings.severity]


def blocks_of(loaded: Loaded) -> dict[tuple[str, str], tuple[Location, ...]]:
    """Where an inline exception to a resource may stand: its own block and the module blocks around it."""
    return {(r.scope.path, r.address): (r.origin.locate(()), *r.module_calls) for r in loaded.resources}


def report(
    settings: Settings,
    pack: Pack,
    tree: Tree,
    loaded: Loaded,
    graph: ResourceGraph,
    findings: list[Finding],
    warnings: list[Diagnostic],
) -> Report:
    """Put the stages together, with the gate's answer."""
    diagnostics = tuple(sorted((*tree.diagnostics, *warnings), key=lambda d: d.sort_key))
    summary = summarise(findings, graph.resources, sum(graph.unmodelled.values()))
    status, gate = exit_status(findings, diagnostics, summary, settings)
    return Report(
        findings=tuple(findings),
        diagnostics=diagnostics,
        summary=summary,
        exit_status=status,
        gate=gate,
        pack=pack.identity,
        target=" ".join(sorted(tree.relative(tree.outside.resolve(path)) for path in settings.paths)),
        roots=tuple(scope.path for scope in loaded.scopes),
        loosened=loosened(pack, loaded),
        sources=loaded.sources,
        unmodelled_types=dict(sorted(graph.unmodelled.items())),
        unknown_refused=settings.fail_on_unknown,
        base=str(tree.base),
        partial=bool(partly_read(settings, tree, loaded) or settings.rules or settings.tenants),
    )


def partly_read(settings: Settings, tree: Tree, loaded: Loaded) -> bool:
    """Whether a path is a file of a root; a plan or state is a file, too, and whole."""
    whole = {scope.path for scope in loaded.scopes}
    outside = tree.outside
    files = [path for path in settings.paths if outside.is_file(path)]
    return any(tree.relative(outside.resolve(path)) not in whole for path in files)


def loosened(pack: Pack, loaded: Loaded) -> tuple[Loosened, ...]:
    found = {item.parameter: item for scope in loaded.scopes for item in pack.parameters_for(scope.project)[1]}
    return tuple(found[name] for name in sorted(found))
