"""Whether the agreement with the provider covers the service that a resource belongs to."""

from __future__ import annotations

import re

from phiward.graph.view import View
from phiward.model.value import Unknown, Value, undecided
from phiward.pack.services import Limit

_HINT = "look the service up on AWS's page of HIPAA eligible services"


def service_name(view: View) -> Value:
    """The service that the resource's type belongs to, as the list of eligible services names it."""
    service = view.graph.pack.services.of(view.resource.native_type, view.row.dialect)
    return service.name if service else None


def service_eligibility(view: View) -> Value:
    """`covered` where the list names the service and no limit of it is crossed, else why not."""
    listed = view.graph.pack.services
    service = listed.of(view.resource.native_type, view.row.dialect)
    of = f"the list of eligible services of {listed.listed_on}"
    if service is None:
        return Unknown(f"{of}, read second-hand, names no service of {view.resource.native_type}", _HINT)
    if service.doubt:
        return Unknown(f"{of}, read second-hand: {service.doubt}", _HINT)
    if not service.covered:
        return f"{service.name} is not on {of} (read second-hand)"
    for limit in service.limits:
        crossed = _crossed(limit, view)
        if isinstance(crossed, Unknown):
            return crossed
        if crossed and limit.doubt:
            return Unknown(f"{of}, read second-hand: {limit.because}", _HINT)
        if crossed:
            return f"{limit.because} from {service.name} on {of} (read second-hand)"
    return "covered"


def _crossed(limit: Limit, view: View) -> bool | Unknown:
    """Whether a limit takes the resource out of what is covered; one of a property that it does not have does not."""
    value = view.property(limit.property) if view.models(limit.property) else None
    if value is None:
        return False
    if undecided(value):
        return value if isinstance(value, Unknown) else Unknown(f"{limit.property} is not decided")
    pattern = limit.excluded or limit.covered
    return (re.search(pattern, str(value)) is not None) == bool(limit.excluded)


ELIGIBILITY = {"service_name": service_name, "service_eligibility": service_eligibility}
