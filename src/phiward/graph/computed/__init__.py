"""Properties that a path cannot say: named functions of a view, as the catalog's `compute:` names them."""

from __future__ import annotations

from phiward.graph.computed.admission import ADMISSION
from phiward.graph.computed.cluster_storage import CLUSTER_STORAGE
from phiward.graph.computed.control_plane import CONTROL_PLANE
from phiward.graph.computed.databases import DATABASES
from phiward.graph.computed.edge import EDGE
from phiward.graph.computed.grants import GRANTS
from phiward.graph.computed.ingress import INGRESS
from phiward.graph.computed.keys import KEYS
from phiward.graph.computed.logs import LOGS
from phiward.graph.computed.namespaces import NAMESPACES
from phiward.graph.computed.network import NETWORK
from phiward.graph.computed.operations import OPERATIONS
from phiward.graph.computed.plain_secrets import PLAIN_SECRETS
from phiward.graph.computed.pod_settings import POD_SETTINGS
from phiward.graph.computed.pods import PODS
from phiward.graph.computed.policies import POLICIES
from phiward.graph.computed.privileges import PRIVILEGES
from phiward.graph.computed.storage import STORAGE
from phiward.graph.computed.stores import STORES
from phiward.graph.computed.terms import TERMS
from phiward.graph.view import ComputedProperty

COMPUTED: dict[str, ComputedProperty] = {
    **ADMISSION,
    **CLUSTER_STORAGE,
    **CONTROL_PLANE,
    **DATABASES,
    **EDGE,
    **INGRESS,
    **GRANTS,
    **KEYS,
    **LOGS,
    **NAMESPACES,
    **NETWORK,
    **OPERATIONS,
    **PLAIN_SECRETS,
    **PODS,
    **POD_SETTINGS,
    **POLICIES,
    **PRIVILEGES,
    **STORAGE,
    **STORES,
    **TERMS,
}
