"""The program on one screen: collect -> load -> link -> judge -> waive -> report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from phiward.engine.judge import Selection, judge
from phiward.engine.overrides import loosened_rules
from phiward.engine.packs import chosen_pack
from phiward.errors import NothingToScan, UsageError
from phiward.gate.exceptions import Accepted
from phiward.gate.status import exit_status, summarise
from phiward.gate.waive import waive
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.collect import load
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.baseline import Comparison
from phiward.model.finding import PARTIAL_PLAN, Finding, Loosened, Report
from phiward.model.project import WaiverTerms
from phiward.model.rule import Severity
from phiward.outside import Outside
from phiward.pack import Outline, Pack
from phiward.settings import Projects, Settings

_DEEPEST = 20_000
"""Python frames; locals may refer to one another in long chains, and each link takes a few."""


def scan(
    settings: Settings,
    progress: Callable[[str], None] = lambda _: None,
    outside: Outside | None = None,
    pack: Pack | None = None,
) -> Report:
    """Scan the paths of the settings, by a pack that is in hand or by the one that they choose.

    Raises PhiwardError for what was asked wrongly or is not there.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))
    outside = outside or Outside()
    pack = pack or chosen_pack(settings.rule_directories, outside)
    rules = selected_rules(pack, settings)
    read = inputs(settings, outside)
    tree = read.tree
    loaded = load_all(settings, read, pack, rules, progress)
    graph = ResourceGraph(loaded.resources, pack)
    selection = Selection(rules, frozenset(settings.tenants), settings.severity)
    findings = judge(graph, loaded.scopes, selection, progress)
    accepted = waive(findings, loaded, graph, rules, tree, settings)
    if not loaded.scopes and not tree.diagnostics and not settings.changed:
        hint = (
            "give a directory or file that holds .tf, .tofu or .tf.json files, a plan or state, CloudFormation"
            " templates, Kubernetes manifests or the inventory of an account, or --aws"
        )
        message = "no Terraform, no CloudFormation template and no Kubernetes manifest was found"
        raise NothingToScan(message, hint=hint)
    compared = against_baseline(accepted.findings, settings, loaded, rules, tree)
    return report(settings, pack, read, loaded, graph, accepted._replace(findings=compared.findings), compared.found)


ACCOUNT_FILES = (".jsonl.gz", ".aws.json")
"""What an account was kept in: an inventory, or answers that were written down."""


def load_all(
    settings: Settings, read: Inputs, pack: Pack, rules: Sequence[Outline], progress: Callable[[str], None]
) -> Loaded:
    """What is declared and what runs, as far as some rules look at it; only an account that answers needs the SDK."""
    declared = tuple(path for path in read.paths if not path.name.endswith(ACCOUNT_FILES))
    loaded = load(declared, read.tree, settings, progress)
    if settings.live is None and len(declared) == len(read.paths):
        return loaded
    from phiward.loaders.aws.kept import load_kept
    from phiward.loaders.aws.wanted import wanted_types

    wanted = None if len(rules) == len(pack.outlines) else wanted_types(pack, rules)
    projects = Projects(read.tree.base, read.tree.outside, settings.settings_file)
    for path in read.paths:
        if path not in declared:
            loaded.extend(load_kept(path, read.tree, pack, projects.of(path.parent), wanted))
    if settings.live is not None:
        from phiward.loaders.aws.loader import load_live

        found, problems = load_live(settings.live, wanted, projects.of(read.tree.base), pack, progress)
        loaded.extend(found)
        read.tree.diagnostics.extend(problems)
    return loaded


class Compared(NamedTuple):
    findings: list[Finding]
    found: Comparison | None


def against_baseline(
    findings: list[Finding], settings: Settings, loaded: Loaded, rules: Sequence[Outline], tree: Tree
) -> Compared:
    """Findings with what each failure is to the baseline of the settings, if there is one. Raises SettingsError."""
    if settings.baseline is None:
        return Compared(findings, None)
    from phiward.gate.baseline import compare, looked_at
    from phiward.gate.baseline_file import read_baseline

    known = read_baseline(settings.baseline, tree.outside)
    looked = looked_at(loaded.scopes, rules, tree, settings)
    path = tree.relative(tree.outside.resolve(settings.baseline))
    return Compared(*compare(findings, known.findings, path, looked))


class Inputs(NamedTuple):
    """The paths to scan, without symbolic links, and the tree around them."""

    paths: tuple[Path, ...]
    tree: Tree


def inputs(settings: Settings, outside: Outside) -> Inputs:
    """What the settings name, or standard input as a file. Raises UsageError."""
    content = settings.standard_input
    if settings.live is not None and not settings.paths:
        (here,) = existing((Path(),), outside)
        return Inputs((), Tree.around((here,), outside))
    if content is None:
        paths = existing(settings.paths, outside)
        return Inputs(tuple(map(outside.resolve, paths)), Tree.around(paths, outside))
    (here,) = existing((Path(),), outside)
    tree = Tree.around((here,), outside)
    tree.given = outside.resolve(here) / ("stdin.json" if content.lstrip()[:1] == b"{" else "stdin.yaml")
    outside.give(tree.given, content)
    return Inputs((tree.given,), tree)


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
    """The rules that are asked for. Raises UsageError for one that does not exist."""
    known = {rule.id for rule in pack.outlines}
    for id_ in settings.rules:
        if id_ not in known:
            raise UsageError(f"there is no rule {id_!r}", hint="`phiward rules list` shows them all")
    asked = settings.rules or known
    return [rule for rule in pack.outlines if rule.id in asked]


def report(
    settings: Settings,
    pack: Pack,
    read: Inputs,
    loaded: Loaded,
    graph: ResourceGraph,
    accepted: Accepted,
    compared: Comparison | None = None,
) -> Report:
    """Put the stages together, with the gate's answer."""
    findings = accepted.findings
    diagnostics = tuple(sorted((*read.tree.diagnostics, *accepted.diagnostics), key=lambda d: d.sort_key))
    summary = summarise(findings, graph.resources, sum(graph.unmodelled.values()))
    status, gate = exit_status(findings, diagnostics, summary, settings)
    return Report(
        findings=tuple(findings),
        diagnostics=diagnostics,
        summary=summary,
        exit_status=status,
        gate=gate,
        pack=pack.identity,
        target=" ".join([*sorted(map(read.tree.relative, read.paths)), *live_roots(loaded)]),
        roots=tuple(scope.path for scope in loaded.scopes),
        calls=tuple(loaded.calls),
        callers=tuple(sorted(set(loaded.callers))),
        loosened=loosened(pack, loaded),
        sources=loaded.sources,
        unmodelled_types=dict(sorted(graph.unmodelled.items())),
        unknown_refused=settings.fail_on_unknown,
        waivers=accepted.uses,
        baseline=compared,
        base=str(read.tree.base),
        scanned_on=settings.today,
        partial=bool(
            partly_read(read, loaded) or settings.rules or settings.tenants or settings.severity > Severity.LOW
        ),
    )


def live_roots(loaded: Loaded) -> list[str]:
    """The accounts of a scan that no path names."""
    return [scope.path for scope in loaded.scopes if scope.source == "aws"]


def partly_read(read: Inputs, loaded: Loaded) -> bool:
    """Whether a path is a file of a root, or an account was asked for a part of what it has.

    A plan or state is a file, too, and whole unless it says that it is not.
    """
    whole = {scope.path for scope in loaded.scopes}
    files = [path for path in read.paths if read.tree.outside.is_file(path) and not path.name.endswith(ACCOUNT_FILES)]
    left_out = loaded.left_out or any(one.code == PARTIAL_PLAN for one in read.tree.diagnostics)
    return bool(left_out) or any(read.tree.relative(path) not in whole for path in files)


def loosened(pack: Pack, loaded: Loaded) -> tuple[Loosened, ...]:
    """What any project asks less of; one parameter stands there once for each value that it was given."""
    projects = {id(scope.project): scope.project for scope in loaded.scopes}.values()
    found = {
        (item.parameter, repr(item.value)): item
        for project in projects
        for item in (*pack.parameters_for(project)[1], *loosened_rules(project, pack), *loosened_terms(project.waivers))
    }
    return tuple(found[key] for key in sorted(found))


def loosened_terms(terms: WaiverTerms) -> tuple[Loosened, ...]:
    """That exceptions may last longer than they do by default."""
    default = WaiverTerms()
    longer = terms.longest_days > default.longest_days
    return (Loosened("waivers.longest_days", default.longest_days, terms.longest_days),) if longer else ()
