"""Calls and how they end: the ledger that says for each fact whether it was read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from phiward.model.value import Unknown
from phiward.pack.collectors import camel
from phiward.record import dataclass, field


class Status(StrEnum):
    """How a call ended. Only `OK` and `ABSENT` decide anything."""

    OK = "ok"
    ABSENT = "absent"
    """The error that the operation answers with where there is none of what was asked for."""
    GONE = "gone"
    """What it asked about was deleted since it was listed."""
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    THROTTLED = "throttled"
    ERROR = "error"


DECIDED = frozenset({Status.OK, Status.ABSENT, Status.GONE})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is made. `region` is the one that was asked about; of a global service `aws-global`."""

    account: str
    region: str
    partition: str = "aws"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Call:
    """A line of the ledger. `number` is unique in an inventory; `time` is UTC, RFC 3339, to the second."""

    number: int
    place: Place
    service: str
    operation: str
    status: Status
    time: str = ""
    request_id: str = ""
    code: str = ""
    about: str = ""
    """What was asked about: the parameters, in one line."""

    @property
    def name(self) -> str:
        return f"{self.service}:{camel(self.service, self.operation)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call brought. `pages` of an answer that broke off are those before the break."""

    call: Call
    answer: Mapping[str, Any] = field(default_factory=dict)
    unknown: Unknown | None = None
    """Why what was to be read from it is not known; None where the call decided."""

    @property
    def answered(self) -> bool:
        return self.call.status is Status.OK


_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized",
     "NotAuthorizedException", "UnauthorizedException", "UnauthorizedAccess", "AuthorizationErrorException",
     "Forbidden"}
)  # fmt: skip
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
     "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "BandwidthLimitExceeded",
     "PriorRequestNotComplete", "LimitExceededException",
     "ProvisionedThroughputExceededException", "TransactionInProgressException"}
)  # fmt: skip
_UNSUPPORTED = frozenset(
    {"UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented", "UnsupportedOperation",
     "UnsupportedOperationException", "OperationNotSupportedException", "500", "404", "501", "405", "OptInRequired",
     "SubscriptionRequiredException"}
)  # fmt: skip
CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure",
     "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestExpired", "InvalidToken", "TokenRefreshRequired",
     "InvalidSignatureException", "MissingAuthenticationToken", "IncompleteSignature"}
)  # fmt: skip
"""Codes of keys that are wrong, or no longer right, and of a region that is not enabled: the same for both."""
_HTTP_DENIED = 403
_HTTP_THROTTLED = 429


def status_of(code: str, http: int, *, absent: bool, gone: bool) -> Status:
    """How a call ended that was answered with an error, which may be one that says that there is none.

    What says so is an explicit list for each operation, never any 404: a test server, a proxy or a wrong name may
    answer one too. A 403 is a denial whatever its code says.
    """
    if gone:
        return Status.GONE
    if absent:
        return Status.ABSENT
    if code in _DENIED:
        return Status.DENIED
    if code in _THROTTLED or http == _HTTP_THROTTLED:
        return Status.THROTTLED
    if code in CREDENTIALS:
        return Status.ERROR
    if http == _HTTP_DENIED:
        return Status.DENIED
    if code in _UNSUPPORTED:
        return Status.UNSUPPORTED
    return Status.ERROR


def why(call: Call, actions: list[str], denied_by: str = "") -> Unknown:
    """Why what a call was to bring is not known; what would decide it."""
    said = {
        Status.DENIED: f"was denied{f' by a {denied_by}' if denied_by else ''} ({call.code})",
        Status.UNSUPPORTED: f"is not supported there ({call.code})",
        Status.THROTTLED: f"was throttled ({call.code})",
        Status.ERROR: f"failed ({call.code})",
    }[call.status]
    hint = {
        Status.DENIED: f"allow {' and '.join(actions)}: `phiward aws policy` writes the policy",
        Status.UNSUPPORTED: "nothing about it can be read there",
        Status.THROTTLED: "scan again, or fewer regions at a time",
        Status.ERROR: "scan again",
    }[call.status]
    if call.code in CREDENTIALS:
        hint = "renew the credentials and scan again, or enable the region"
    return Unknown(f"{call.name} {said} in {call.place}", hint)
