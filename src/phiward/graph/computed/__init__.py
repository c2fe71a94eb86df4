"""Properties that a path cannot say: named functions of a view, as the catalog's `compute:` names them."""

from __future__ import annotations

from importlib import import_module

from phiward.graph.view import ComputedProperty

SUBJECTS = {
    "api_definitions": "definition_anonymous",
    "admission": (
        "bound_policy_enforces constraint_enforces kyverno_enforces kyverno_policy_enforces namespace_pod_security"
    ),
    "alarms": "filter_acts filter_signals route_notifies rule_signals",
    "artefacts": "certificate_source registry_scans",
    "backup_locations": "location_encrypted location_in_transit location_key location_verified",
    "cluster_storage": (
        "claim_encrypted claim_key class_encrypted class_key class_retained persistent_volume_encrypted "
        "persistent_volume_key"
    ),
    "configured_secrets": (
        "address_with_credential container_secrets listed_secrets mapped_secrets parameter_secret script_secrets"
    ),
    "control_plane": "audit_unrecorded etcd_encrypted etcd_key",
    "coverage": "cluster_zones file_system_backup_days in_backup_plan plan_interval_hours",
    "databases": "database_audit database_requires_tls",
    "disks": "image_encrypted instance_volumes mapped_volumes template_volumes volume_encrypted",
    "edge": (
        "balances_across_zones cdn_minimum_version cdn_tls_enforced classic_logs classic_minimum_version "
        "classic_tls_enforced default_endpoint_answers drops_invalid_headers function_grants_everybody "
        "listener_minimum_version listener_tls_enforced method_anonymous named_tls_version route_anonymous "
        "target_encrypted transfer_tls_enforced"
    ),
    "eligibility": "service_eligibility service_name",
    "emr": "emr_authentication emr_encrypts emr_key subnets_public",
    "grants": "binding_cluster_role binding_everything binding_subjects",
    "ingress": "gateway_tls ingress_tls istio_gateway_tls istio_gateway_version",
    "key_policies": "key_administering_users key_enclave_grants",
    "keys": "any_written holds key_rotatable key_when named_or_inherited named_or_switched is_one_of",
    "logs": (
        "trail_data_events trail_management_events log_group_retention_days build_logs bucket_log_role "
        "bucket_expires_after_days bucket_lock_days"
    ),
    "mesh": "mesh_clients mesh_declared mesh_modes mesh_outbound mesh_version",
    "namespaces": "namespace_default_deny",
    "network": (
        "default_group_egress default_group_ingress flow_logs_enabled instance_public "
        "metadata_tokens_required network_acl_egress network_acl_ingress security_group_egress "
        "security_group_ingress template_public"
    ),
    "network_policies": "policy_openings",
    "operations": "claim_backed_up namespace_limited rollout_progressive schedule_days schedule_enabled ships_logs",
    "permissions": "managed_policies policy_grants role_grants",
    "plain_secrets": "configuration_secrets environment_secrets secret_contents",
    "pod_settings": (
        "pod_account_granted pod_apparmor pod_dedicated_nodes pod_mounts_token pod_profiles "
        "pod_service_account pod_volumes"
    ),
    "pods": "pod_containers",
    "policies": "policy_public policy_public_statements policy_requires_tls",
    "privileges": "access_built_in role_bound role_rules",
    "routes": "network_endpoints organization_denies subnet_leads_out subnets_lead_out table_leads_out",
    "secret_stores": "store_lasting_credential store_open store_sharers",
    "services": (
        "cluster_secrets_declared lattice_anonymous mesh_mutual_tls mesh_tls_enforced search_signs_in "
        "service_connect_encrypted task_mounts_encrypted"
    ),
    "storage": (
        "access_point_public bucket_access_public bucket_acls_disabled bucket_encryption_declared "
        "bucket_lock_enabled bucket_key bucket_public_statements"
    ),
    "stores": (
        "any_true cache_requires_tls default_by entry_flag every_named every_true in_every kafka_clients key_of_every "
        "migration_requires_tls state_locked written_blocks"
    ),
    "tasks": "task_containers",
    "terms": "vault_lock_mode vault_denies_deletion plan_copies plan_retention_days minutes iso_minutes",
    "traffic": "gateway_targets mesh_targets",
    "trust_policies": "trust_mfa trust_pipelines",
    "workload_identity": (
        "account_role_trust pod_cloud_identity trust_service_accounts trust_sharers trust_undeclared"
    ),
}
"""Module -> the names in its table, which is called as the module is: `NETWORK` in `network.py`.

A module is imported when the first of its names is asked for: most scans need a few of them.
"""
_SUBJECT_OF = {name: subject for subject, names in SUBJECTS.items() for name in names.split()}
_found: dict[str, ComputedProperty] = {}


def computed(name: str) -> ComputedProperty:
    """The function of a name. Raises KeyError for one that there is not."""
    found = _found.get(name)
    if found is None:
        subject = _SUBJECT_OF[name]
        _found.update(getattr(import_module(f"phiward.graph.computed.{subject}"), subject.upper()))
        found = _found[name]
    return found
