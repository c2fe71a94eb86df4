"""OSCAL: a catalog of the citations, what the pack implements of it, the plan, the results, and what is still to do.

The same documents are valid under each version from 1.1.2 to 1.2.2; the label says which is claimed. UUIDs are of
names, so that two assessments can be compared. Ids may not begin with a digit: `hipaa-164.312.a.2.iv`, with the
citation as its label. https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/
"""

from __future__ import annotations

from phiward.attest.formats.oscal.definitions import catalog, component_definition
from phiward.attest.formats.oscal.plans import assessment_plan, plan_of_action
from phiward.attest.formats.oscal.results import assessment_results
from phiward.attest.formats.source import Source, document

FOLDER = "oscal"


def emit(source: Source) -> dict[str, bytes]:
    """The plan of action is left out where there is nothing to do: a plan has at least one item."""
    documents = {
        "catalog": catalog(source),
        "component-definition": component_definition(source),
        "assessment-plan": assessment_plan(source),
        "assessment-results": assessment_results(source),
        "poam": plan_of_action(source),
    }
    return {f"{FOLDER}/{name}.json": document(value) for name, value in documents.items() if value}
