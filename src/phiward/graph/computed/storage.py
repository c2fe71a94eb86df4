"""Who can reach buckets, and what encrypts and locks them."""

from __future__ import annotations

from phiward.graph.computed.declared import declared_for_account
from phiward.graph.computed.policies import grants_everybody, policy_statements, public_statements
from phiward.graph.computed.reading import blocks
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, negate, one_of
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value

_PUBLIC_ACLS = ("publicread", "publicreadwrite", "authenticatedread")
"""Canned ACLs, as CloudFormation spells them: S3 has dashes between the words."""
_PUBLIC_GROUPS = (
    "http://acs.amazonaws.com/groups/global/allusers",
    "http://acs.amazonaws.com/groups/global/authenticatedusers",
)
_ACCOUNT_BLOCK = "aws_s3_account_public_access_block"
_POLICY_PATHS = ["@policy.policy", "policy"]
_RACE = "AWS refuses it where the block came first and keeps it where the block came later"


_BLOCKED_ELSEWHERE = Unknown(
    "it lets everybody in, and whether a public access block of its bucket stops that is not part of it",
    "declare the bucket in the same root, or name nobody but those who need it",
)


def bucket_access_public(view: View) -> Value | Derived:
    """`access.public` of a bucket: a grant to everybody that no declared setting takes away.

    AWS's defaults for new buckets (all four blocks on, ACLs off) are not set against a declared grant: where
    they apply, AWS refuses the declaration, and where it was accepted the bucket is older than they are.
    """
    by_acl = all_of([_acl_is_public(view), negate(_acls_are_off(view)), _gets_past(view, "acl")])
    by_policy = all_of([grants_everybody(view, _POLICY_PATHS, as_s3=True), _gets_past(view, "policy")])
    public = any_of([by_acl, by_policy])
    if view.row.alone and public is True:
        public = _BLOCKED_ELSEWHERE
    return Derived(public, paths=["@acl.acl", "acl", "grant", *_POLICY_PATHS])


def bucket_public_statements(view: View) -> Value | Derived:
    """`access.public_statements` of a bucket.

    The ACL and the statements that name everybody, blocked or not.
    """
    found = public_statements(policy_statements(view, _POLICY_PATHS), as_s3=True)
    acl = _acl_is_public(view)
    if acl is False or (isinstance(acl, Unknown) and isinstance(found, list) and found):
        return Derived(found, paths=_POLICY_PATHS)
    if isinstance(acl, Unknown):
        return acl
    return Derived(["ACL", *(found if isinstance(found, list) else [])], paths=["@acl.acl", "acl", "grant"])


def _acl_is_public(view: View) -> Truth:
    """Whether an ACL of the bucket names everybody, or every AWS account, which anyone can open."""
    grants = [
        *listed(view.get("@acl.access_control_policy.grant[].grantee.uri")),
        *listed(view.get("grant[].uri")),
    ]
    canned = [view.get("@acl.acl"), view.get("acl")]
    return any_of(
        [
            *(one_of(_bare(acl), _PUBLIC_ACLS) for acl in canned if acl is not None),
            *(one_of(uri, _PUBLIC_GROUPS) for uri in grants if uri is not None),
        ]
    )


def _bare(acl: Value) -> Value:
    return acl.replace("-", "") if isinstance(acl, str) else acl


def _acls_are_off(view: View) -> Truth:
    return equals(view.get("@ownership.rule.object_ownership"), "BucketOwnerEnforced")


def bucket_acls_disabled(view: View) -> Truth | Derived:
    """`access.acls_disabled`.

    Written down, or left to AWS's default of April 2023 with no ACL declared beside it.
    """
    written = view.get("@ownership.rule.object_ownership")
    if written is not None:
        return Derived(equals(written, "BucketOwnerEnforced"), paths=["@ownership.rule.object_ownership"])
    inline = [view.get("acl"), view.get("grant")]
    # `Private` is CloudFormation's, and asks for no list: S3 takes it where lists are off
    acls = [acl for acl in [*view.satellites("acl"), *inline] if acl not in (None, "Private")]
    return negate(any_of(acl if isinstance(acl, Unknown) else True for acl in acls))


def _gets_past(view: View, way: str) -> Truth:
    """Whether a public ACL or policy takes effect, past the settings of the bucket and of the account."""
    overrides, refuses = _SETTINGS[way]
    blocks_of = [
        *view.satellites("public_access_block"),
        *declared_for_account(view, _ACCOUNT_BLOCK),
    ]
    overridden = any_of(_setting(block, overrides) for block in blocks_of)
    refused = any_of(_setting(block, refuses) for block in blocks_of)
    if overridden is not False:
        return negate(overridden)
    if refused is False or view.resource.source == "aws":  # what stands in an account was not refused
        return True
    return Unknown(f"{refuses} is set without {overrides}: {_RACE}", f"set {overrides} = true")


_SETTINGS = {
    "acl": ("ignore_public_acls", "block_public_acls"),
    "policy": ("restrict_public_buckets", "block_public_policy"),
}


def _setting(block: View | Unknown, name: str) -> Truth:
    return block if isinstance(block, Unknown) else flag(block.get(name), default=False)


def access_point_public(view: View) -> Value | Derived:
    """`access.public` of an access point. One that is bound to a VPC is reached from nowhere else.

    Of its own block, its bucket's and its account's, the strictest holds.
    """
    bound = any_of(part if isinstance(part, Unknown) else True for part in blocks(view.get("vpc_configuration")))
    settings = view.get("public_access_block_configuration.restrict_public_buckets")
    open_door = all_of(
        [
            negate(bound),
            grants_everybody(view, _POLICY_PATHS, as_s3=True),
            negate(flag(settings, default=True)),  # AWS creates access points with all four blocks on
            *(negate(_setting(block, "restrict_public_buckets")) for block in _blocks_around(view)),
        ]
    )
    return Derived(open_door, paths=["vpc_configuration", *_POLICY_PATHS])


def _blocks_around(view: View) -> list[View | Unknown]:
    """The public access blocks of an access point's bucket and account."""
    bucket = view.get("bucket")
    target = view.follow(bucket) if isinstance(bucket, Reference) else None
    return [
        *(target.satellites("public_access_block") if target is not None else ()),
        *declared_for_account(view, _ACCOUNT_BLOCK),
    ]


def bucket_encryption_declared(view: View) -> Truth:
    """`encryption.declared`: whether any form of a bucket's encryption configuration is written."""
    written = [*blocks(view.get("@encryption.rule")), *blocks(view.get("server_side_encryption_configuration"))]
    return any_of(block if isinstance(block, Unknown) else True for block in written)


_RULES = ("@encryption.rule", "server_side_encryption_configuration.rule")
_DEFAULTS = "apply_server_side_encryption_by_default"


def bucket_key(view: View) -> Value | Derived:
    """`encryption.key` of a bucket: the key where its algorithm uses one, else the service's own."""
    for rule in _RULES:
        switch, path = f"{rule}.{_DEFAULTS}.sse_algorithm", f"{rule}.{_DEFAULTS}.kms_master_key_id"
        algorithm = view.get(switch)
        if algorithm is None:
            continue
        uses_kms = one_of(algorithm, ("aws:kms", "aws:kms:dsse"))
        if uses_kms is not True:
            return Derived(uses_kms or "service", paths=[switch])
        key = view.get(path)
        return Derived("aws" if key in (None, "") else key, paths=[path])
    return None


def bucket_lock_enabled(view: View) -> Value | Derived:
    """`worm.enabled`.

    Object Lock is switched on for the bucket, or configured beside it, which asks for the same.
    """
    inline = view.get("object_lock_configuration.object_lock_enabled")
    beside = [lock if isinstance(lock, Unknown) else True for lock in view.satellites("object_lock")]
    enabled = any_of([flag(view.get("object_lock_enabled"), default=False), equals(inline, "Enabled"), *beside])
    return Derived(enabled, paths=["object_lock_enabled", "@object_lock.object_lock_enabled"])


STORAGE: dict[str, ComputedProperty] = {
    "access_point_public": access_point_public,
    "bucket_access_public": bucket_access_public,
    "bucket_acls_disabled": bucket_acls_disabled,
    "bucket_encryption_declared": bucket_encryption_declared,
    "bucket_lock_enabled": bucket_lock_enabled,
    "bucket_key": bucket_key,
    "bucket_public_statements": bucket_public_statements,
}
