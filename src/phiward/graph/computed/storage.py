"""Who can reach buckets and snapshots, and whether a machine's block devices are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.computed.declared import declared
from phiward.graph.computed.policies import grants_everybody, policy_statements, public_statements
from phiward.graph.computed.reading import Block, blocks
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, negate, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided

_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_PUBLIC_GROUPS = (
    "http://acs.amazonaws.com/groups/global/allusers",
    "http://acs.amazonaws.com/groups/global/authenticatedusers",
)
_POLICY_PATHS = ["@policy.policy", "policy"]
_RACE = "AWS refuses it where the block came first and keeps it where the block came later"


def bucket_access_public(view: View) -> Value | Derived:
    """`access.public` of a bucket: a grant to everybody that no declared setting takes away.

    AWS's defaults for new buckets (all four blocks on, ACLs off) are not set against a declared grant: where
    they apply, AWS refuses the declaration, and where it was accepted the bucket is older than they are.
    """
    by_acl = all_of([_acl_is_public(view), negate(_acls_are_off(view)), _gets_past(view, "acl")])
    by_policy = all_of([grants_everybody(view, _POLICY_PATHS, as_s3=True), _gets_past(view, "policy")])
    public = any_of([by_acl, by_policy])
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
            *(one_of(acl, _PUBLIC_ACLS) for acl in canned if acl is not None),
            *(one_of(uri, _PUBLIC_GROUPS) for uri in grants if uri is not None),
        ]
    )


def _acls_are_off(view: View) -> Truth:
    return equals(view.get("@ownership.rule.object_ownership"), "BucketOwnerEnforced")


def bucket_acls_disabled(view: View) -> Truth:
    """`access.acls_disabled`.

    Written down, or left to AWS's default of April 2023 with no ACL declared beside it.
    """
    written = view.get("@ownership.rule.object_ownership")
    if written is not None:
        return equals(written, "BucketOwnerEnforced")
    declared = [view.get("@acl"), view.get("acl"), view.get("grant")]
    for acl in declared:
        if isinstance(acl, Unknown):
            return acl
    return not any(declared)


def _gets_past(view: View, way: str) -> Truth:
    """Whether a public ACL or policy takes effect, past the settings of the bucket and of the account."""
    overrides, refuses = _SETTINGS[way]
    blocks_of = [
        *view.satellites("public_access_block"),
        *declared(view, "aws_s3_account_public_access_block"),
    ]
    overridden = any_of(_setting(block, overrides) for block in blocks_of)
    refused = any_of(_setting(block, refuses) for block in blocks_of)
    if overridden is not False:
        return negate(overridden)
    if refused is False:
        return True
    return Unknown(f"{refuses} is set without {overrides}: {_RACE}", f"set {overrides} = true")


_SETTINGS = {
    "acl": ("ignore_public_acls", "block_public_acls"),
    "policy": ("restrict_public_buckets", "block_public_policy"),
}


def _setting(block: View | Unknown, name: str) -> Truth:
    return block if isinstance(block, Unknown) else flag(block.get(name), default=False)


def access_point_public(view: View) -> Value | Derived:
    """`access.public` of an access point. One that is bound to a VPC is reached from nowhere else."""
    bound = view.get("vpc_configuration")
    settings = view.get("public_access_block_configuration.restrict_public_buckets")
    open_door = all_of(
        [
            why(bound) if undecided(bound) else not bound,
            grants_everybody(view, _POLICY_PATHS, as_s3=True),
            negate(flag(settings, default=True)),  # AWS creates access points with all four blocks on
        ]
    )
    return Derived(open_door, paths=["vpc_configuration", *_POLICY_PATHS])


def bucket_encryption_declared(view: View) -> Truth:
    """`encryption.declared`: whether any form of a bucket's encryption configuration is written."""
    for path in ("@encryption.rule", "server_side_encryption_configuration"):
        written = view.get(path)
        if isinstance(written, Unknown):
            return written
        if written:
            return True
    return False


_RULES = ("@encryption.rule", "server_side_encryption_configuration.rule")
_DEFAULTS = "apply_server_side_encryption_by_default"


def bucket_key(view: View) -> Value | Derived:
    """`encryption.key` of a bucket: the key where its algorithm uses one, else the service's own."""
    for rule in _RULES:
        algorithm = view.get(f"{rule}.{_DEFAULTS}.sse_algorithm")
        if algorithm is None:
            continue
        uses_kms = one_of(algorithm, ("aws:kms", "aws:kms:dsse"))
        if isinstance(uses_kms, Unknown):
            return uses_kms
        path = f"{rule}.{_DEFAULTS}.kms_master_key_id"
        if not uses_kms:
            return Derived("service", paths=[f"{rule}.{_DEFAULTS}.sse_algorithm"])
        key = view.get(path)
        return Derived("aws" if key is None or key == "" else key, paths=[path])
    return None


def bucket_lock_enabled(view: View) -> Value | Derived:
    """`worm.enabled`.

    Object Lock is switched on for the bucket, or configured beside it, which asks for the same.
    """
    inline = view.get("object_lock_configuration.object_lock_enabled")
    beside = [lock if isinstance(lock, Unknown) else True for lock in view.satellites("object_lock")]
    enabled = any_of([flag(view.get("object_lock_enabled"), default=False), equals(inline, "Enabled"), *beside])
    return Derived(enabled, paths=["object_lock_enabled", "@object_lock.object_lock_enabled"])


# Block devices


def instance_volumes(view: View) -> Value | Derived:
    """`encryption.volumes` of a machine.

    Its root device, whether or not it is written, and every further one.
    """
    template = _template(view)
    if isinstance(template, Unknown):
        return template
    if template is not None:
        return Derived(_over_template(view, template), paths=["root_block_device", "launch_template"])
    return Derived([_root(view), *_further(view)], paths=["root_block_device", "ebs_block_device"])


def template_volumes(view: View) -> Value | Derived:
    """`encryption.volumes` of a launch template; devices that it leaves out follow the image."""
    return Derived(list(_mappings(view)), paths=["block_device_mappings"])


_ROOT_NAMES = {"/dev/sda1", "/dev/xvda"}
"""What images call their root device; `root_block_device` does not name it."""


def _template(view: View) -> View | Unknown | None:
    """Find the launch template that fills in what the instance leaves open."""
    named = [view.get("launch_template.id"), view.get("launch_template.name")]
    for name in named:
        if isinstance(name, Reference):
            return view.follow(name) or why(name)
        if name is not None:
            return Unknown("its launch template was not read", "declare the template in this root")
    return None


def _over_template(view: View, template: View) -> list[Value]:
    own = [*([_root(view)] if view.get("root_block_device") is not None else []), *_further(view)]
    names = {device.get("name") for device in own if isinstance(device, dict)}
    if "root" in names:
        names |= _ROOT_NAMES
    inherited = [
        device for device in _mappings(template) if isinstance(device, Unknown) or device.get("name") not in names
    ]
    return [*own, *inherited] or [_root(view)]


def _root(view: View) -> Value:
    written = view.get("root_block_device")
    if undecided(written):
        return why(written)
    for block in blocks(written):
        if isinstance(block, Unknown):
            return block
        return _device("root", block, _image_default(view))
    return _device("root", {}, _image_default(view))


def _further(view: View) -> Iterator[Value]:
    for block in blocks(view.get("ebs_block_device")):
        yield (block if isinstance(block, Unknown) else _device(block.get("device_name"), block, _by_default(view)))


def _mappings(view: View) -> Iterator[Value]:
    for mapping in blocks(view.get("block_device_mappings")):
        if isinstance(mapping, Unknown):
            yield mapping
            continue
        for ebs in blocks(mapping.get("ebs")):
            name = mapping.get("device_name")
            yield ebs if isinstance(ebs, Unknown) else _device(name, ebs, _by_default(view))


def _device(name: Value, block: dict[str, Value], default: Truth) -> Block:
    source = block.get("snapshot_id")
    if block.get("encrypted") is None and source is not None and default is not True:
        encrypted: Truth = Unknown(
            f"it is restored from {source}, and inherits its encryption", "write encrypted = true"
        )
    else:
        written = block.get("encrypted")
        # A key is refused on a device that is not encrypted, so naming one says as much.
        encrypted = flag(written, default=True) if written is not None else default
    return {
        "name": name if isinstance(name, str) else "device",
        "encrypted": encrypted,
        "key": block.get("kms_key_id"),
    }


def _by_default(view: View) -> Truth:
    """Whether the account encrypts every new volume: declared beside the machine, or off as AWS leaves it."""
    return any_of(
        flag(setting.get("enabled"), default=True) for setting in declared(view, "aws_ebs_encryption_by_default")
    )


def _image_default(view: View) -> Truth:
    """Whether a root device is encrypted unasked: by the account, or because its image is."""
    image = view.get("ami")
    target = view.follow(image) if isinstance(image, Reference) else None
    copied = flag(target.get("encrypted"), default=False) if target is not None else False
    return any_of([_by_default(view), copied])


def image_encrypted(view: View) -> Value | Derived:
    """`encryption.at_rest` of an image: of every block device; one from a snapshot inherits what that is."""
    devices = [
        part if isinstance(part, Unknown) else _image_device(view, part)
        for part in blocks(view.get("ebs_block_device"))
    ]
    if not devices:
        return Unknown(
            "its block devices are not written", "declare ebs_block_device, or copy it with encrypted = true"
        )
    return Derived(all_of(devices), paths=["ebs_block_device"])


def _image_device(view: View, device: dict[str, Value]) -> Truth:
    source = device.get("snapshot_id")
    if source is None:
        return flag(device.get("encrypted"), default=_by_default(view) is True)
    return _inherited(view, source)


def _inherited(view: View, source: Value) -> Truth:
    target = view.follow(source) if isinstance(source, Reference) else None
    inherited = target.property("encryption.at_rest") if target is not None else None
    if isinstance(inherited, (bool, Unknown)):
        return inherited
    return Unknown(f"it inherits the encryption of {source}, which was not read", "write encrypted = true")


def volume_encrypted(view: View) -> Value | Derived:
    """`encryption.at_rest` of a volume.

    Written, inherited from its snapshot, or as the account's setting has it.
    """
    written = view.get("encrypted")
    if written is not None:
        return Derived(flag(written, default=False), paths=["encrypted"])
    for path in ("snapshot_id", "source_snapshot_id", "volume_id", "source_ami_id"):
        source = view.get(path)
        if source is not None:
            by_account = _by_default(view)
            return Derived(any_of([by_account, _inherited(view, source)]), paths=[path])
    return Derived(_by_default(view), paths=["encrypted"])


STORAGE: dict[str, ComputedProperty] = {
    "access_point_public": access_point_public,
    "bucket_access_public": bucket_access_public,
    "bucket_acls_disabled": bucket_acls_disabled,
    "bucket_encryption_declared": bucket_encryption_declared,
    "bucket_lock_enabled": bucket_lock_enabled,
    "image_encrypted": image_encrypted,
    "bucket_key": bucket_key,
    "bucket_public_statements": bucket_public_statements,
    "instance_volumes": instance_volumes,
    "template_volumes": template_volumes,
    "volume_encrypted": volume_encrypted,
}
