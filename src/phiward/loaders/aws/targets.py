"""Which accounts and regions a scan is about, and by whose credentials: asked before anything else.

The account that answers `sts:GetCallerIdentity` is the account that is scanned; a role of another account than its ARN
says ends the scan, for what would be judged is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from phiward.errors import UsageError
from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Account, CallFailed, Sessions, credential_problem
from phiward.loaders.aws.crawl import GLOBAL
from phiward.model.finding import Diagnostic, Level
from phiward.record import dataclass, field
from phiward.settings import LiveSettings

PREFLIGHT = frozenset({("sts", "get_caller_identity"), ("ec2", "describe_regions"), ("organizations", "list_accounts")})
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/[\w+=,.@/-]+")
_ROLE_NAME = re.compile(r"[\w+=,.@/-]{1,512}")
_SESSION = "phiward"
_FIRST_REGION = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


@dataclass(slots=True)
class Targets:
    """Where to look; `callers` are who asks, by account. What of it could not be asked is in `problems`."""

    places: list[Place] = field(default_factory=list)
    callers: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)


def targets(live: LiveSettings, sessions: Sessions, progress: Callable[[str], None]) -> Targets:
    """Ask who we are, for each account, and which regions there are. Raises UsageError where nobody answers."""
    found = Targets()
    asking = Account(sessions, PREFLIGHT)
    first = live.regions[0] if live.regions and live.regions[0] != "all" else sessions.region or "us-east-1"
    partition = sessions.partition_of(first)
    roles = list(live.roles)
    for role in roles:
        if not _ROLE.fullmatch(role):
            raise UsageError(f"{role!r} is not the ARN of a role", hint="arn:aws:iam::123456789012:role/Name")
    if len({_account_of(role) for role in roles}) < len(roles):
        raise UsageError("an account is read by one role, and two of its roles are named")
    if live.organization:
        everywhere = _of_organization(live, asking, Place("", first, partition))
        roles += [role for role in everywhere if _account_of(role) not in map(_account_of, live.roles)]
    if not roles:
        account = _whoami(asking, Place("", first, partition), found)
        sessions.add(account)
        _regions(live, sessions, asking, Place(account, first, partition), found)
    for role in roles:
        progress(f"assuming {role}")
        _assume(role, live, sessions, asking, first, found)
    if not found.places:
        first_problem = found.problems[0]
        raise UsageError(f"no account could be read: {first_problem.message}", hint=first_problem.hint)
    return found


def _account_of(role: str) -> str:
    return role.split(":")[4]


def _assume(role: str, live: LiveSettings, sessions: Sessions, asking: Account, first: str, found: Targets) -> None:
    match = _ROLE.fullmatch(role)
    assert match is not None
    place = Place(match[2], first, match[1])
    sessions.add(match[2], sessions.assumed(role, live.external_id, _SESSION))
    try:
        account = _whoami(asking, place, found)
    except UsageError as error:
        found.problems.append(
            _hole("account-unreachable", place, f"{role} cannot be assumed: {error.message}", error.hint)
        )
        return
    if account != match[2]:
        raise UsageError(f"{role} answers for account {account}, not {match[2]}")
    _regions(live, sessions, asking, place, found)


def _whoami(asking: Account, place: Place, found: Targets) -> str:
    """The account that the credentials belong to. Raises UsageError."""
    try:
        answer = asking.call(place, "sts", "get_caller_identity", {}).value
    except CallFailed as failed:
        said = credential_problem(failed) or f"AWS does not say who asks ({failed.code})"
        raise UsageError(said, hint="check `aws sts get-caller-identity`, --profile and --endpoint-url") from None
    account, arn = answer.get("Account"), answer.get("Arn")
    if not isinstance(account, str) or not isinstance(arn, str):
        raise UsageError("the endpoint does not answer as AWS does", hint="check --endpoint-url and AWS_ENDPOINT_URL")
    found.callers[account] = arn
    return account


def _regions(live: LiveSettings, sessions: Sessions, asking: Account, place: Place, found: Targets) -> None:
    named: Sequence[str] = live.regions or ((sessions.region,) if sessions.region else ())
    if not named:
        raise UsageError("no region is named", hint="--region us-east-1, --region all, or AWS_REGION")
    if "all" in named:
        enabled, problem = _enabled(sessions, asking, place)
        if problem:
            message = f"which regions are enabled is not known: ec2:DescribeRegions {problem}"
            found.problems.append(_hole("regions-unknown", place, message, "name the regions with --region"))
        named = enabled or [region for region in named if region != "all"] or [place.region]
    for region in named:
        if sessions.partition_of(region) != place.partition:
            raise UsageError(f"{region} is no region of the partition {place.partition}, which the credentials are for")
    found.places.append(Place(place.account, GLOBAL, place.partition))
    found.places += [Place(place.account, region, place.partition) for region in dict.fromkeys(named)]


def _enabled(sessions: Sessions, asking: Account, place: Place) -> tuple[list[str], str]:
    """The regions of the account's partition that are enabled; or why they are not known."""
    try:
        answer = asking.call(place, "ec2", "describe_regions", {}).value
    except CallFailed as failed:
        return [], f"failed ({failed.code})"
    named = [str(region["RegionName"]) for region in answer.get("Regions", ())]
    here = [region for region in named if sessions.partition_of(region) == place.partition]
    return here, "" if here else "lists none"


def _of_organization(live: LiveSettings, asking: Account, place: Place) -> list[str]:
    """The role of each active account. Raises UsageError where the organization cannot be listed."""
    if not _ROLE_NAME.fullmatch(live.organization):
        raise UsageError(f"{live.organization!r} is not the name of a role")
    home = Place(place.account, _FIRST_REGION.get(place.partition, place.region), place.partition)
    try:
        answer: dict[str, Any] = asking.call(home, "organizations", "list_accounts", {}).value
    except CallFailed as failed:
        said = credential_problem(failed) or f"the accounts of the organization cannot be listed ({failed.code})"
        raise UsageError(said, hint="run it in the management account or a delegated administrator's") from None
    active = [account for account in answer.get("Accounts", ()) if account.get("Status") == "ACTIVE"]
    return [f"arn:{place.partition}:iam::{account['Id']}:role/{live.organization}" for account in active]


def _hole(code: str, place: Place, message: str, hint: str) -> Diagnostic:
    return Diagnostic(Level.ERROR, code, message, f"aws://{place.account}", hint=hint, incomplete=True)
