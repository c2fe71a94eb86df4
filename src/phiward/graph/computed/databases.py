"""What a database server asks of its clients, and what it writes down: its parameter and option groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from phiward.graph.computed.keys import inherited
from phiward.graph.computed.parameter_groups import group_family, group_options, group_parameters
from phiward.graph.computed.stores import OFF, entry
from phiward.graph.truth import Truth, all_of, any_of, equals, listed, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided
from phiward.record import dataclass

Version: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """How an engine is told to refuse plain connections, and to write down who did what.

    `tls` is the parameter that refuses them. It is on of itself from version `tls_since`; from `tls_unsure`
    its default is not documented clearly enough to judge by. `tls_option` stands for an option of an option
    group instead: the option, and its setting that must be `required`. `audit` are the parameters of which one
    makes the server write entries, `option` the option of an option group that does, `export` the log of them.
    """

    tls: str = ""
    tls_option: tuple[str, str] | None = None
    tls_since: Version | None = None
    tls_unsure: Version | None = None
    audit: tuple[str, ...] = ()
    option: str = ""
    export: str = ""


_POSTGRES_AUDIT = ("pgaudit.log", "log_statement")

ENGINES: Mapping[str, Engine] = {
    "postgres": Engine("rds.force_ssl", tls_since=(15,), audit=_POSTGRES_AUDIT, export="postgresql"),
    "aurora-postgresql": Engine("rds.force_ssl", tls_since=(17,), audit=_POSTGRES_AUDIT, export="postgresql"),
    "mysql": Engine("require_secure_transport", tls_unsure=(8, 4), option="MARIADB_AUDIT_PLUGIN", export="audit"),
    "mariadb": Engine("require_secure_transport", tls_since=(11, 8), option="MARIADB_AUDIT_PLUGIN", export="audit"),
    "aurora-mysql": Engine("require_secure_transport", audit=("server_audit_logging",), export="audit"),
    "oracle": Engine(tls_option=("NATIVE_NETWORK_ENCRYPTION", "SQLNET.ENCRYPTION_SERVER")),
    "sqlserver": Engine("rds.force_ssl", option="SQLSERVER_AUDIT"),
    "docdb": Engine("tls", tls_since=(0,), audit=("audit_logs",), export="audit"),
    "neptune": Engine(audit=("neptune_enable_audit_log",), export="audit"),
    "redshift": Engine("require_ssl", tls_since=(2,), audit=("enable_user_activity_logging",)),
}
"""Defaults as the RDS, Aurora, DocumentDB, Neptune and Redshift guides document them."""

_CURRENT: Mapping[str, Version] = {"redshift": (2,)}
"""The version of the parameter group that a new cluster gets where none is named."""


def database_requires_tls(
    view: View, *, group: str, options: str = "", product: str = "", replica_of: str = ""
) -> Value | Derived:
    """Whether the server refuses connections without TLS: by a parameter of its group, by an option, or of itself.

    `group` is the path of the parameter group, `options` that of the option group, `product` the engine where the
    type has only one, `replica_of` the path that makes it a replica.
    """
    if replica_of and view.get(group) is None and view.get(replica_of) is not None:
        return _of_source(view, replica_of)
    name = _engine(view, product)
    if isinstance(name, Unknown):
        return name
    engine = ENGINES.get(name, Engine())
    if engine.tls_option is not None and options:
        return Derived(_required_by_option(view, options, *engine.tls_option), paths=[options])
    if not engine.tls:
        return Unknown("how this engine is told to require TLS is not read here", "check its parameter group")
    parameters = _group(view, group)
    if isinstance(parameters, Unknown):
        return Derived(parameters, paths=[group])
    value = None if parameters is None else entry(group_parameters(parameters), engine.tls)
    if value is not None:
        return Derived(value if isinstance(value, Unknown) else value not in OFF, paths=[group])
    version = _version(view, parameters, group, written=name not in _CURRENT) or _CURRENT.get(name)
    return Derived(_tls_of_itself(engine, version), paths=[group] if view.get(group) is not None else [])


def _required_by_option(view: View, options: str, name: str, setting: str) -> Truth:
    """Whether an option refuses plain connections: it is there, and its setting is `required`.

    Source: RDS user guide, Oracle native network encryption (`Requested` where the setting is left out) and Oracle
    Secure Sockets Layer: the SSL option opens a second port, and the plain one stays open.
    """
    group = _group(view, options)
    if group is None or isinstance(group, Unknown):
        return False if group is None else group
    found: list[Truth] = []
    for option in group_options(group):
        if isinstance(option, Unknown):
            found.append(option)
            continue
        value = entry(option.get("option_settings"), setting)
        required = value if isinstance(value, Unknown) else value == "required"
        found.append(all_of([equals(option.get("option_name"), name), required]))
    return any_of(found)


def _of_source(view: View, replica_of: str) -> Derived:
    """Answer for a replica without a parameter group: one in its source's region uses its source's.

    Source: RDS API CreateDBInstanceReadReplica, DBParameterGroupName. Sources elsewhere are named by ARN.
    """
    source = view.get(replica_of)
    answer = inherited(view, [replica_of], "encryption.in_transit")
    if answer is not None and isinstance(source, Reference) and _in_its_region(view, source):
        return answer
    reason = Unknown(f"a replica of {source} uses its source's parameter group, or its region's default one")
    return Derived(source if isinstance(source, Unknown) else reason, paths=[replica_of])


def _in_its_region(view: View, source: Reference) -> bool:
    """Whether a replica's source is in its region: it is named by identifier, or by a stack, which has one region."""
    return view.row.dialect == "cloudformation" or source.path[-1:] == ("identifier",)


def _tls_of_itself(engine: Engine, version: Version | Unknown | None) -> Truth:
    """Whether the engine requires TLS where its parameter is not set."""
    limit = engine.tls_since or engine.tls_unsure
    if limit is None:
        return False
    hint = f"set {engine.tls} in a parameter group"
    if limit == (0,):
        return True
    if isinstance(version, Unknown) or version is None:
        reason = version.reason if isinstance(version, Unknown) else "which is not written"
        return Unknown(f"the default of {engine.tls} depends on the engine's version: {reason}", hint)
    bare = len(version) < len(limit) and version == limit[: len(version)]
    if bare or (engine.tls_unsure and version >= limit):
        return Unknown(f"the default of {engine.tls} is not documented for this version", hint)
    return version >= limit


def database_audit(
    view: View, *, group: str, exports: str = "", options: str = "", product: str = "", needs: str = ""
) -> Value | Derived:
    """Whether the server writes down who did what, and the entries leave it; an activity stream will do.

    `exports` is the path of the exported logs, `options` that of the option group; the property `needs`
    must be true besides.
    """
    stream = any_of(other if isinstance(other, Unknown) else True for other in view.satellites("activity_stream"))
    name = _engine(view, product)
    if isinstance(name, Unknown):
        return any_of([stream, name])
    engine = ENGINES.get(name, Engine())
    if not (engine.audit or engine.option):
        unread = Unknown("how this engine is told to audit is not read here", "check its audit settings")
        return any_of([stream, unread])
    exported = _exported(view.get(exports), engine.export) if engine.export else True
    needed = _truth(view.property(needs)) if needs else True
    entries = all_of([needed, exported, _audits(view, engine, group, options)])
    paths = [exports] if exported is False else [exports, options, group]
    return Derived(any_of([entries, stream]), paths=[path for path in paths if path])


def _audits(view: View, engine: Engine, group: str, options: str) -> Truth:
    """Whether entries are written: by an option of the option group, or by a parameter."""
    if engine.option and not options:
        return Unknown("this kind of cluster has no option group", "check its audit settings")
    named = _group(view, options if engine.option else group)
    if named is None or isinstance(named, Unknown):
        return False if named is None else named
    if engine.option:
        found = entry(group_options(named), engine.option, "option_name", "option_name")
        return found if isinstance(found, Unknown) else found is not None
    parameters = group_parameters(named)
    by_parameter = any_of(_writes(name, entry(parameters, name)) for name in engine.audit)
    loaded = entry(parameters, "shared_preload_libraries") if "pgaudit.log" in engine.audit else None
    if by_parameter is False and isinstance(loaded, Unknown):
        return loaded
    if by_parameter is False and isinstance(loaded, str) and "pgaudit" in loaded:
        return Unknown("pgaudit is loaded; it may be on for single roles", "set pgaudit.log in the group")
    return by_parameter


def _writes(parameter: str, value: str | Unknown | None) -> Truth:
    if value is None or isinstance(value, Unknown):
        return False if value is None else value
    # `ddl` and `mod` leave reads out, and reading a record is what an audit is about.
    return value == "all" if parameter == "log_statement" else value not in OFF


def _exported(exports: Value, log: str) -> Truth:
    return why(exports) if undecided(exports) else any_of(equals(export, log) for export in listed(exports))


def _truth(value: Value) -> Truth:
    return why(value) if undecided(value) else value is True


def _engine(view: View, product: str) -> str | Unknown:
    engine = product or view.get("engine")
    if engine is None:
        return Unknown("the engine is not written: a replica or a copy takes it over", "write engine")
    if undecided(engine):
        return why(engine)
    name = str(engine).lower()
    family = name.partition("-")[0]
    return family if family in ("oracle", "sqlserver") else name


def _group(view: View, path: str) -> View | Unknown | None:
    """Follow the parameter or option group that a path names; `None` where the service's own one is used."""
    named = view.get(path)
    if named is None or named == "" or (isinstance(named, str) and named.startswith("default")):
        return None
    group = None if isinstance(named, Unknown) else view.follow(named)
    if group is not None:
        return group
    if undecided(named) and not isinstance(named, Reference):
        return why(named)
    return Unknown(f"{path} is {named}, which is not declared here", f"refer to a declared group in {path}")


def _version(view: View, group: View | None, path: str, *, written: bool) -> Version | Unknown | None:
    """Read the engine's version: as written where the type has it, else from the group's family or its name."""
    sources = [group_family(group) if group is not None else view.get(path)]
    if written:
        sources.insert(0, view.get("engine_version"))
    for source in sources:
        if isinstance(source, str) and (found := re.search(r"(\d+)(?:\.(\d+))?", source)):
            return tuple(int(part) for part in found.groups() if part)
    doubtful = [source for source in sources if undecided(source)]
    return why(doubtful[0]) if doubtful else None


DATABASES: dict[str, ComputedProperty] = {
    "database_audit": database_audit,
    "database_requires_tls": database_requires_tls,
}
