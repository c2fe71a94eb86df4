"""SAM's resources -> those of CloudFormation that its transform makes of them, as far as they are certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from phiward.loaders.cloudformation.evaluation import Entry, Evaluator
from phiward.loaders.cloudformation.sam.apis import DEFAULT, http_api, rest_api
from phiward.loaders.cloudformation.sam.events import HTTP, REST, Events
from phiward.loaders.cloudformation.sam.function import function
from phiward.loaders.cloudformation.sam.globals import PREFIX, serverless
from phiward.loaders.cloudformation.sam.made import Made, Node, Result, Serverless
from phiward.loaders.cloudformation.sam.others import application, layer, simple_table, state_machine
from phiward.model.resource import Hole
from phiward.model.value import Unknown

__all__ = ["PREFIX", "Made", "expanded"]
_MAKERS: Mapping[str, Callable[[Serverless], Iterator[tuple[str, Made]]]] = {
    "Api": rest_api,
    "Application": application,
    "HttpApi": http_api,
    "LayerVersion": layer,
    "SimpleTable": simple_table,
    "StateMachine": state_machine,
}


class Expansion(NamedTuple):
    """The resources of a template with SAM's own worked out, why they may not be all, other names for some of them."""

    bodies: dict[str, Entry]
    holes: list[Hole]
    names: dict[str, str]


def expanded(bodies: Mapping[str, Entry], sections: Mapping[str, Any], evaluator: Evaluator) -> Expansion:
    found: dict[str, Entry] = {}
    holes: list[Hole] = []
    names: dict[str, str] = {}
    resources = {
        name: serverless(name, e[2], sections, ("Resources", *e[3])) for name, e in bodies.items() if _is_sam(e)
    }
    stages = {name: sam.get("StageName") for name, sam in resources.items()}
    events = Events(stages)
    for name, entry in bodies.items():
        sam = resources.get(name)
        if isinstance(entry[2].get("Connectors"), dict):
            holes.append(Hole(f"what the connectors of {name} allow is not worked out"))
        if sam is None:
            found.setdefault(name, entry)
            continue
        made = _made(sam, str(entry[2].get("Type")).removeprefix(PREFIX), events)
        about = frozenset({evaluator.stack.prefix + name})
        holes += [Hole(hole.reason, hole.hint, about) for hole in made.holes]
        names |= made.names
        for id_, body in made.resources.items():
            found[id_] = (id_, entry[1], body, entry[3])
    for name, conditions in events.apis.items():
        for id_, body in _implicit(name, sections, conditions):
            found.setdefault(id_, (id_, evaluator, body, ()))
    return Expansion(found, holes, names)


def _is_sam(entry: Entry) -> bool:
    return str(entry[2].get("Type")).startswith(PREFIX)


def _made(sam: Serverless, kind: str, events: Events) -> Result:
    if kind == "Function":
        return function(sam, events)
    maker = _MAKERS.get(kind)
    if maker is None:
        why = Unknown(f"what SAM makes of {sam.name} ({PREFIX}{kind}) is not worked out")
        return Result({sam.name: sam.body}, [why], {})
    holes = []
    if kind == "StateMachine" and sam.get("Events"):
        holes.append(Unknown(f"what SAM makes of the events of {sam.name} is not worked out"))
    made = dict(maker(sam))
    stage = next((id_ for id_, body in made.items() if str(body["Type"]).endswith("::Stage")), None)
    names = {} if stage is None else {f"{sam.name}.Stage": stage, f"{sam.name}.Deployment": f"{sam.name}Deployment"}
    return Result(made, holes, names)


def _implicit(name: str, sections: Mapping[str, Any], conditions: list[Node]) -> Iterator[tuple[str, Made]]:
    """An API that is made because events of functions ask for one."""
    kind, stage, maker = {REST: ("Api", "Prod", rest_api), HTTP: ("HttpApi", DEFAULT, http_api)}[name]
    body: dict[str, Any] = {"Type": f"{PREFIX}{kind}", "Properties": {"StageName": stage}}
    if all(condition is not None for condition in conditions):
        asked = [{"Condition": condition} for condition in dict.fromkeys(map(str, conditions))]
        body["Condition"] = asked[0]["Condition"] if len(asked) == 1 else {"Fn::Or": asked}
    yield from maker(serverless(name, body, sections, ()))
