"""Times: formatdate, timeadd, timecmp; timestamp and plantimestamp are never known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from phiward.loaders.terraform.functions.conversion import to_text
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.model.value import Unknown

if TYPE_CHECKING:
    from datetime import datetime

_TIMESTAMP = r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d{2}):(\d{2}))"
_DURATION = r"(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_SECOND = 1_000_000_000
_LONGEST_DURATION = (1 << 63) - 1
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PIECE = r"''|'(?:[^']|'')*'|'|([A-Za-z])\1*|[^A-Za-z']+"
_NOON = 12


class _Instant(NamedTuple):
    """A time to the second in its zone, and the nanoseconds that Python's own type does not hold."""

    second: datetime
    nanoseconds: int


def _parse(text: str) -> _Instant:
    from datetime import UTC, datetime, timedelta, timezone

    match = re.fullmatch(_TIMESTAMP, text, re.ASCII)
    if match is None:
        raise FunctionError(f'not a valid RFC3339 timestamp: cannot use "{text[:60]}"')
    zone: timezone = UTC
    if match[9]:
        hours, minutes = int(match[10]), int(match[11])
        if hours > 23 or minutes > 59:  # noqa: PLR2004 - hours of a day, minutes of an hour
            raise FunctionError("not a valid RFC3339 timestamp: the time zone is out of range")
        offset = timedelta(hours=hours, minutes=minutes)
        zone = timezone(-offset if match[9] == "-" else offset)
    try:
        second = datetime(*(int(match[index]) for index in range(1, 7)), tzinfo=zone)  # type: ignore[arg-type,misc]
    except ValueError as error:
        raise FunctionError(f"not a valid RFC3339 timestamp: {error}") from error
    return _Instant(second, int((match[7] or "0").ljust(9, "0")))


def _duration(text: str) -> int:
    """Go's duration, in nanoseconds."""
    from fractions import Fraction

    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in {"+", "-"} else text
    if body == "0":
        return 0
    total, position = Fraction(0), 0
    while position < len(body):
        match = re.compile(_DURATION, re.ASCII).match(body, position)
        if match is None or not (match[1] or match[2]) or len(match[0]) > 40:  # noqa: PLR2004 - more than 64 bits
            raise FunctionError(f'time: invalid duration "{text[:60]}"')
        number = Fraction(int(match[1] or "0")) + Fraction(int(match[2] or "0"), 10 ** len(match[2] or ""))
        total += number * _NANOSECONDS[match[3]]
        position = match.end()
    if not body or total > _LONGEST_DURATION:
        raise FunctionError(f'time: invalid duration "{text[:60]}"')
    return sign * int(total)


def _offset(moment: datetime, *, colon: bool) -> str:
    offset = moment.utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{':' if colon else ''}{minutes:02d}"


def _rfc3339(moment: datetime) -> str:
    zone = _offset(moment, colon=True) if moment.utcoffset() else "Z"
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{zone}"


def _timeadd(text: str, duration: str) -> str:
    from datetime import timedelta

    start = _parse(text)
    seconds, _ = divmod(start.nanoseconds + _duration(duration), _SECOND)
    try:
        return _rfc3339(start.second + timedelta(seconds=seconds))
    except OverflowError as error:
        raise CannotTell("the resulting time is out of range") from error


def _timecmp(left: str, right: str) -> int:
    one, other = _parse(left), _parse(right)
    return (one > other) - (one < other)


def _formatdate(spec: str, text: str) -> str:
    moment = _parse(text).second
    return "".join(_formatted(match[0], moment) for match in re.finditer(_PIECE, spec, re.ASCII))


def _formatted(piece: str, moment: datetime) -> str:
    if piece == "''":
        return "'"
    if piece.startswith("'"):
        if len(piece) == 1:
            raise FunctionError("unterminated literal '")
        return piece[1:-1].replace("''", "'")
    if not (piece[0].isascii() and piece[0].isalpha()):
        return piece
    verbs = _verbs(moment)
    if piece not in verbs:
        raise FunctionError(f'invalid date format verb "{piece}"')
    return verbs[piece]


def _verbs(moment: datetime) -> dict[str, str]:
    """Everything that a date format may ask for."""
    half = "PM" if moment.hour >= _NOON else "AM"
    hour = moment.hour % _NOON or _NOON
    month, day = _MONTHS[moment.month - 1], _DAYS[moment.weekday()]
    plain, colon = _offset(moment, colon=False), _offset(moment, colon=True)
    zero = not moment.utcoffset()
    return {
        "YY": f"{moment.year % 100:02d}",
        "YYYY": f"{moment.year:04d}",
        "M": str(moment.month),
        "MM": f"{moment.month:02d}",
        "MMM": month[:3],
        "MMMM": month,
        "D": str(moment.day),
        "DD": f"{moment.day:02d}",
        "EEE": day[:3],
        "EEEE": day,
        "h": str(moment.hour),
        "hh": f"{moment.hour:02d}",
        "H": str(hour),
        "HH": f"{hour:02d}",
        "AA": half,
        "aa": half.lower(),
        "m": str(moment.minute),
        "mm": f"{moment.minute:02d}",
        "s": str(moment.second),
        "ss": f"{moment.second:02d}",
        "Z": "Z" if zero else colon,
        "ZZZ": "UTC" if zero else plain,
        "ZZZZ": plain,
        "ZZZZZ": colon,
    }


def _timestamp() -> Unknown:
    return Unknown("timestamp() gives another value at each run")


def _plantimestamp() -> Unknown:
    return Unknown("plantimestamp() gives another value at each plan")


_TIME = Parameter("timestamp", to_text)

FUNCTIONS = {
    "formatdate": Function(typed(_formatdate, Parameter("format", to_text), Parameter("time", to_text))),
    "plantimestamp": Function(typed(_plantimestamp)),
    "timeadd": Function(typed(_timeadd, _TIME, Parameter("duration", to_text))),
    "timecmp": Function(typed(_timecmp, Parameter("timestamp_a", to_text), Parameter("timestamp_b", to_text))),
    "timestamp": Function(typed(_timestamp)),
}
