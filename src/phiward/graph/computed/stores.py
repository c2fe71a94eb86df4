"""How caches and brokers are reached, and defaults that depend on other attributes or resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phiward.graph.computed.keys import inherited, name_at
from phiward.graph.computed.reading import blocks
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, negate, one_of, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Scalar, Unknown, Value, undecided

OFF = frozenset({"0", "off", "false", "disabled", "none", ""})
_OVER_HTTPS = frozenset({"s3", "dynamodb", "kinesis", "elasticsearch", "opensearch", "neptune", "timestream"})


def entry(entries: Value, name: str, key: str = "name", value: str = "value") -> str | Unknown | None:
    """Read the value beside a name in a list of blocks, in lower case: `None` where it is not among them."""
    found: str | Unknown | None = None
    doubtful: Unknown | None = None
    for block in blocks(entries):
        if isinstance(block, Unknown):
            doubtful = block
            continue
        label = equals(block.get(key), name)
        if label is True:
            found = _word(block.get(value))
        elif isinstance(label, Unknown):
            doubtful = label
    return found if found is not None else doubtful


def _word(value: Value) -> str | Unknown:
    if undecided(value):
        return why(value)
    return "" if value is None else str(value).lower()


def entry_flag(
    view: View, *, entries: str, name: str, key: str, value: str, unset: bool = False, off: Iterable[str] = OFF
) -> Value | Derived:
    """Read the flag beside a name in a list of settings; `unset` where the entry leaves the flag out.

    `off` are the words that mean no.
    """
    found = entry(view.get(entries), name, key, value)
    if found is None or isinstance(found, Unknown):
        return None if found is None else Derived(found, paths=[entries])
    return Derived(unset if found == "" else found not in set(off), paths=[entries])


def written_blocks(view: View, *, path: str) -> Value | Derived:
    """Read a list of blocks whose names inside a rule asks for: those of Terraform, whatever the dialect."""
    value = view.get(path)
    return None if value is None else Derived(value, paths=[path])


def in_every(view: View, *, each: str, path: str, values: Iterable[str] = ()) -> Value | Derived:
    """Whether a flag is on, or a word is one of `values`, in each of several parts, as the replicas of a table."""
    words = set(values)

    def holds(part: Value) -> Truth:
        value = inner(part, *path.split("."))
        return one_of(value, words) if words else flag(value, default=False)

    parts = [part if isinstance(part, Unknown) else holds(part) for part in blocks(view.get(each))]
    return Derived(all_of(parts) if parts else None, paths=[each])


def key_of_every(view: View, *, each: str, key: str, switch: str) -> Value | Derived:
    """Read the key of what is stored in several parts: AWS's own where one of them names none, else the first's.

    Where the flag at `switch` is off, all of them use the service's.
    """
    switched = flag(view.get(switch), default=False)
    if switched is not True:
        return Derived("service" if switched is False else switched, paths=[switch])
    keys = [part if isinstance(part, Unknown) else inner(part, *key.split(".")) for part in blocks(view.get(each))]
    unnamed = any_of(negate(written(named)) for named in keys)
    if unnamed is not False or not keys:
        return Derived(unnamed if isinstance(unnamed, Unknown) else "aws", paths=[each])
    return Derived(keys[0], paths=[f"{each}[0].{key}"])


def default_by(
    view: View,
    *,
    path: str,
    by: str,
    defaults: Mapping[str, Scalar],
    otherwise: Scalar = None,
    inherits: Iterable[str] = (),
    prop: str = "encryption.at_rest",
) -> Value | Derived:
    """Read a path whose default depends on another attribute, or which is taken over from another resource.

    `defaults` maps words of `by` (`none`: it is not written) to the default, `otherwise` is for the rest.
    """
    value = view.get(path)
    if value is not None:
        return Derived(value, paths=[path])
    source = inherited(view, inherits, prop)
    if source is not None:
        return source
    chosen = name_at(view, by)
    if undecided(chosen):
        reason = f"the default of {path} depends on {by}, which is not known: {why(chosen).reason}"
        return Derived(Unknown(reason, f"write {path}"), paths=[by])
    return Derived(defaults.get(str(chosen).lower(), otherwise), paths=[by] if chosen is not None else [])


def every_true(view: View, *, of: Iterable[str]) -> Value | Derived:
    """Whether all of the flags are on; evidence points at those that are not."""
    answers = {path: flag(view.get(path), default=False) for path in of}
    return Derived(all_of(answers.values()), paths=[path for path, on in answers.items() if on is not True])


def every_named(view: View, *, of: Iterable[str], off: Iterable[str]) -> Value | Derived:
    """Whether each path is written with another word than those of `off`; evidence points at those that are not."""
    refused = {word.lower() for word in off}
    answers = {path: all_of([written(view.get(path)), negate(one_of(view.get(path), refused))]) for path in of}
    return Derived(all_of(answers.values()), paths=[path for path, on in answers.items() if on is not True])


def state_locked(view: View) -> Derived:
    """`integrity.locked` of a state in S3: by a file beside it, or by an entry of a table."""
    answer = any_of([flag(view.get("use_lockfile"), default=False), written(view.get("dynamodb_table"))])
    return Derived(answer, paths=["use_lockfile", "dynamodb_table"])


def any_true(view: View, *, of: Iterable[str]) -> Value | Derived:
    """Whether at least one of the flags is on; evidence points at the ones that are."""
    answers = {path: flag(view.get(path), default=False) for path in of}
    return Derived(any_of(answers.values()), paths=[path for path, on in answers.items() if on is not False])


def cache_requires_tls(view: View, *, path: str, mode: str, inherits: Iterable[str] = ()) -> Value | Derived:
    """Whether a cache refuses plain connections: TLS is on, and not merely preferred."""
    value = view.get(path)
    if value is None:
        source = inherited(view, inherits, "encryption.in_transit")
        return source if source is not None else None
    required = negate(equals(view.get(mode), "preferred"))
    return Derived(all_of([flag(value, default=False), required]), paths=[path, mode])


def kafka_clients(view: View, *, ask: str) -> Value | Derived:
    """How a Kafka cluster treats its clients: `ask` is `anonymous`, or `identity` (a certificate or IAM).

    Without a `client_authentication` block, Amazon MSK lets everybody in.
    """
    block = "client_authentication"
    certificate = written(view.get(f"{block}.tls.certificate_authority_arns"))
    iam = flag(view.get(f"{block}.sasl.iam"), default=False)
    if ask == "identity":
        return Derived(any_of([iam, certificate]), paths=[block])
    scram = flag(view.get(f"{block}.sasl.scram"), default=False)
    anonymous = flag(view.get(f"{block}.unauthenticated"), default=False)
    answer = any_of([anonymous, negate(any_of([iam, scram, certificate]))])
    return Derived(answer, paths=[f"{block}.unauthenticated" if anonymous is True else block])


def migration_requires_tls(view: View) -> Value | Derived:
    """Whether a migration endpoint talks TLS; each family of engines has a setting of its own."""
    engine = view.get("engine_name")
    if undecided(engine):
        return Derived(why(engine), paths=["engine_name"])
    name = str(engine).lower()
    if name in _OVER_HTTPS:
        return Derived(True, paths=["engine_name"])
    path, unset = {
        "kafka": ("kafka_settings.security_protocol", "plaintext"),
        "redis": ("redis_settings.ssl_security_protocol", "ssl-encryption"),
    }.get(name, ("ssl_mode", "none"))
    value = view.get(path)
    plain: Truth = any_of(equals(unset if value is None else value, word) for word in ("none", "plaintext"))
    return Derived(negate(plain), paths=[path])


STORES: dict[str, ComputedProperty] = {
    "any_true": any_true,
    "cache_requires_tls": cache_requires_tls,
    "default_by": default_by,
    "entry_flag": entry_flag,
    "every_named": every_named,
    "every_true": every_true,
    "in_every": in_every,
    "key_of_every": key_of_every,
    "kafka_clients": kafka_clients,
    "migration_requires_tls": migration_requires_tls,
    "written_blocks": written_blocks,
    "state_locked": state_locked,
}
