"""Paths -> resources: each path goes to the loader that reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phiward.errors import NothingToScan
from phiward.loaders.loaded import Loaded
from phiward.loaders.terraform import loader as source
from phiward.loaders.terraform.module import is_terraform
from phiward.loaders.tree import Tree
from phiward.outside import Outside
from phiward.settings import Projects, Settings

_DOCUMENT_SUFFIXES = (".json", ".tfplan", ".tfstate", ".plan")
_ZIP = b"PK\x03\x04"


def load(paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load everything that the paths name. What cannot be read is a diagnostic of the tree.

    Plans and states are read where they are named themselves; directories are searched for Terraform's source only,
    for a plan that lies beside its source would else be judged twice.
    """
    if settings.standard_input is not None:
        return _load_standard_input(paths[0], settings.standard_input, tree, settings)
    documents = [path for path in dict.fromkeys(paths) if _may_be_document(path, tree)]
    loaded = Loaded()
    left = [path for path in paths if path not in documents]
    if documents:
        left += _load_documents(documents, tree, settings, progress, loaded)
    if left:
        for load_source in (source.load, _load_templates, _load_kubernetes):
            loaded.extend(load_source(tuple(left), tree, settings, progress))
    return loaded


def _load_standard_input(path: Path, data: bytes, tree: Tree, settings: Settings) -> Loaded:
    """A template, Kubernetes objects, a plan or a state, whichever standard input holds."""
    from phiward.loaders.cloudformation.discovery import may_be_template
    from phiward.loaders.kubernetes.discovery import may_hold_objects

    loaded = Loaded()
    if not data.strip():
        raise NothingToScan("standard input is empty", hint="the command before the pipe may have failed")
    if data.startswith(_ZIP):
        hint = "show it: terraform show -json p.tfplan | phiward scan -"
        tree.hole("binary-plan", path, "a binary plan cannot be read from standard input", hint=hint)
    elif may_be_template(data):
        from phiward.loaders.cloudformation.loader import load as load_templates

        return load_templates((), [path], tree, settings, lambda _: None)  # alone, whatever lies around it
    elif may_hold_objects(data):
        from phiward.loaders.kubernetes.loader import load_text

        text = tree.decode(path, data)
        if isinstance(text, str):
            projects = Projects(tree.base, tree.outside, settings.settings_file)
            return load_text(text, path, tree, projects.of(path.parent))
        tree.diagnostics.append(text)
    elif _load_documents([path], tree, settings, lambda _: None, loaded):
        tree.hole("not-a-manifest", path, "it holds no template, no Kubernetes objects and no Terraform plan or state")
    return loaded


def _load_kubernetes(
    paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]
) -> Loaded:
    """Kubernetes manifests, whose reader is imported only where a path holds some."""
    if all(is_terraform(path.name) and tree.outside.is_file(path) for path in paths):
        return Loaded()
    from phiward.loaders.kubernetes.discovery import concerns

    if not any(concerns(path, tree) for path in paths):
        return Loaded()
    from phiward.loaders.kubernetes.loader import load as load_manifests

    return load_manifests(paths, tree, settings, progress)


def _load_templates(paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """CloudFormation templates, whose reader is imported only where a path holds some."""
    if all(is_terraform(path.name) and tree.outside.is_file(path) for path in paths):
        return Loaded()
    from phiward.loaders.cloudformation.discovery import templates

    found = list(templates(paths, tree))
    if not found:
        return Loaded()
    from phiward.loaders.cloudformation.loader import load as load_templates

    return load_templates(paths, found, tree, settings, progress)


def _load_documents(
    paths: list[Path], tree: Tree, settings: Settings, progress: Callable[[str], None], loaded: Loaded
) -> list[Path]:
    """Load the plans and states among some files; the other files, which Terraform's source may read."""
    from phiward.loaders.terraform.documents import Kind, read_document, terraform_above
    from phiward.loaders.terraform.plan import load_plan
    from phiward.loaders.terraform.state import load_state

    others: list[Path] = []
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    for path in paths:
        progress(f"reading {tree.relative(path)}")
        document = read_document(path, tree, run_terraform=not settings.changed)
        if document.kind is Kind.PLAN:
            load_plan(document, tree, projects.of(path.parent), loaded)
        elif document.kind in (Kind.STATE, Kind.STATE_FILE):
            load_state(document, tree, projects.of(path.parent), loaded)
        elif settings.changed and not document.meant:
            others.append(path)  # any file may be part of a commit
        elif document.kind is Kind.OTHER and any(terraform_above(path.parent, tree)):
            others.append(path)
        else:
            tree.hole(
                document.code,
                path,
                document.problem,
                hint=document.hint,
                line=document.line,
                column=document.column,
            )
    return others


def _may_be_document(path: Path, tree: Tree) -> bool:
    """Whether a named file may be a plan or a state: by its name, or as a binary plan by its first bytes."""
    if not tree.outside.is_file(path) or is_terraform(path.name) or ".tfvars" in path.name:
        return False
    if path.name.endswith(".json"):
        from phiward.loaders.cloudformation.discovery import is_template
        from phiward.loaders.kubernetes.discovery import is_manifest

        return not is_manifest(path, tree) and not is_template(path, tree)
    return path.name.endswith(_DOCUMENT_SUFFIXES) or _starts_as_zip(path, tree.outside)


def _starts_as_zip(path: Path, outside: Outside) -> bool:
    try:
        return outside.begins(path, _ZIP)
    except OSError:
        return False
