"""Live accounts, or an inventory of them that was kept -> resources, with what could not be read said aloud."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from phiward.loaders.aws.calls import DECIDED, Call, Place, Status
from phiward.loaders.aws.client import Account, Sessions, fewer_collections, now
from phiward.loaders.aws.crawl import GLOBAL, Crawl
from phiward.loaders.aws.identity import remarks as identity_remarks
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.inventory_file import read, write
from phiward.loaders.aws.managed import load_managed
from phiward.loaders.aws.resources import load as load_resources
from phiward.loaders.aws.targets import targets
from phiward.loaders.loaded import Loaded
from phiward.model.finding import CallCount, Diagnostic, Level
from phiward.model.project import Project
from phiward.pack import Pack, pack_directory
from phiward.pack.collectors import Collectors, load_collectors, native_types
from phiward.settings import LiveSettings

_THREADS = 16
"""More of them do no more: past this the calls wait for the interpreter. See bench/README.md."""


def load_live(
    live: LiveSettings, wanted: frozenset[str] | None, project: Project, pack: Pack, progress: Callable[[str], None]
) -> tuple[Loaded, list[Diagnostic]]:
    """Read the accounts that the settings name. Raises UsageError where none can be read.

    `wanted` are the native types that the rules of this scan look at; None for all.
    """
    everything = load_collectors(pack_directory())
    collectors = everything.of(live.services)
    inventory = taken_up(live.resume, pack.identity.digest) if live.resume else Inventory()
    inventory.started = inventory.started or now()
    inventory.pack = pack.identity.digest
    inventory.asked = everything.attributes
    executor = ThreadPoolExecutor(_THREADS)
    with fewer_collections():
        sessions = Sessions(live.profile, live.endpoint_url)
        found = targets(live, sessions, progress)
        inventory.callers.update(found.callers)
        api = Account(sessions, collectors.operations)
        leave_out(inventory, everything, collectors, found.places)
        crawl = Crawl(api, collectors.by_name, inventory, wanted=wanted, progress=progress)
        try:
            crawl.run(found.places, executor)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            if live.save:
                write(inventory, live.save)
    return loaded_from(inventory, everything, pack, project), [*found.problems, *remarks(inventory)]


def taken_up(path: Path, digest: str) -> Inventory:
    """What is finished in an inventory; nothing of one that another pack has begun, which did not ask for the same."""
    inventory = read(path.read_bytes(), str(path))
    if inventory.pack != digest:
        return Inventory()
    inventory.reopen()
    return inventory


def leave_out(inventory: Inventory, everything: Collectors, chosen: Collectors, places: Sequence[Place]) -> None:
    """Note of the types that are read where the other collectors would have read more of them."""
    types = chosen.types
    for name in everything.by_name.keys() - chosen.by_name.keys():
        one = everything.by_name[name]
        for number, step in enumerate(one["steps"]):
            shared = types.intersection(native_types(step))
            for place in places if shared else ():
                if one["global"] == (place.region == GLOBAL) and (place, f"{name}.{number}") not in inventory.finished:
                    inventory.not_collected(place, shared)


def loaded_from(inventory: Inventory, collectors: Collectors, pack: Pack, project: Project) -> Loaded:
    """The resources of an inventory, and its ledger in short.

    What rules look at and no collector of the inventory has asked for is unread, never absent.
    """
    loaded = Loaded()
    asked = {type_ for types in inventory.begun.values() for type_ in types} | {
        type_ for _, type_ in inventory.left_out
    }
    unknown = known_types(pack) - collectors.elsewhere - asked
    load_resources(inventory, unknown, collectors, project, loaded)
    counts = Counter((c.place.account, c.place.region, c.name, str(c.status), c.code) for c in inventory.calls)
    loaded.calls.extend(CallCount(*call, number) for call, number in sorted(counts.items()))
    loaded.callers.extend(inventory.callers.values())
    loaded.left_out.extend(sorted(unknown.union(inventory.not_read())))
    return loaded


def known_types(pack: Pack) -> frozenset[str]:
    """Every native type of Terraform's AWS provider that the catalog reads, side resources included."""
    rows = [row for row in pack.rows() if row.dialect in ("terraform", "aws")]
    natives = {native for row in rows for native in (*row.native_types, *(native for _, native, _ in row.satellites))}
    return frozenset(native for native in natives if native.startswith("aws_"))


def remarks(inventory: Inventory) -> list[Diagnostic]:
    """What is to be said about how accounts were read: what could not be asked, and by whom the rest was."""
    said = problems(inventory.calls)
    return [*said, *identity_remarks(inventory, load_managed(pack_directory()))] if inventory.callers else said


_SAID = {
    Status.DENIED: ("call-denied", "was denied"),
    Status.UNSUPPORTED: ("call-unsupported", "is not supported"),
    Status.THROTTLED: ("call-throttled", "was throttled to the end"),
    Status.ERROR: ("call-failed", "failed"),
}


def problems(calls: list[Call]) -> list[Diagnostic]:
    """What could not be asked, one entry for an operation, how it failed, and an account."""
    groups: dict[tuple[str, str, str, str], list[Call]] = defaultdict(list)
    for call in calls:
        if call.status not in DECIDED:
            groups[call.place.account, call.name, call.status, call.code].append(call)
    found = []
    for (account, name, status, code), group in sorted(groups.items()):
        slug, said = _SAID[Status(status)]
        regions = sorted({call.place.region for call in group})
        times = f", {len(group)} times" if len(group) > 1 else ""
        message = f"{name} {said} ({code}) in {', '.join(regions)}{times}: what it tells is unknown"
        hint = "`phiward aws policy` writes a policy that allows it" if status == Status.DENIED else ""
        found.append(Diagnostic(Level.ERROR, slug, message, f"aws://{account}", hint=hint, incomplete=True))
    return found
