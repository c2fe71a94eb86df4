"""Whether block devices, volumes, snapshots and images are encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from phiward.graph.computed.declared import declared
from phiward.graph.computed.reading import blocks
from phiward.graph.truth import Truth, all_of, any_of, flag, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Reference, Unknown, Value

Placed: TypeAlias = tuple[Value, tuple[Resource, AttributePath]]
"""A device, and where it stands."""

_ROOT = "root"
_ROOT_NAMES = {"/dev/sda1", "/dev/xvda"}
"""What images call their root device; `root_block_device` does not name it."""
_ROOTS = {_ROOT, *_ROOT_NAMES}
_UNNAMED = "device"


def instance_volumes(view: View) -> Value | Derived:
    """`encryption.volumes` of a machine: its root device, written or not, and every further one."""
    template = _template(view)
    if isinstance(template, Unknown):
        return template
    if template is None:
        return _listed([_root(view), *_further(view)])
    return _listed(_over_template(view, template))


def template_volumes(view: View) -> Value | Derived:
    """`encryption.volumes` of a launch template; one that does not list the root device leaves it to its image."""
    return _listed(_with_root(view, list(_mappings(view)), _image_of_template(view, view.get("image_id"))))


def _image_of_template(view: View, image: Value) -> Truth:
    return any_of([_by_default(view), _by_image(view, image) if image is not None else _NO_IMAGE])


def _with_root(view: View, devices: list[Placed], by_image: Truth) -> list[Placed]:
    """The devices, and the root device before them where none of them is it."""
    names = [None if isinstance(device, Unknown) else device["name"] for device, _ in devices]
    if any(name in _ROOTS for name in names):
        return devices
    unnamed = any(name in (None, _UNNAMED) for name in names)
    root = _device(_ROOT, {}, any_of([by_image, _MAY_BE_ROOT]) if unnamed else by_image)
    return [(root, (view.resource, ())), *devices]


def mapped_volumes(view: View, *, mappings: str, image: str, template: str = "") -> Value | Derived:
    """`encryption.volumes` of a machine whose root device is one of its mappings, as CloudFormation has them.

    `mappings` and `image` are paths; `template` the one of the launch template that fills in what is left open.
    """
    devices = list(_template_mappings(view, mappings))
    names = [part if isinstance(part, Unknown) else part.get("DeviceName") for part in blocks(view.get(mappings))]
    around = _mapped_template(view, template)
    if isinstance(around, Unknown):
        return around
    if around is not None:
        devices += _not_replaced(_template_mappings(around, _TEMPLATE_MAPPINGS), names)
    own = view.get(image)
    named = own if own is not None or around is None else around.get(_TEMPLATE_IMAGE)
    devices = _with_root(view, devices, _image_of_template(view, named))
    return Derived([d for d, _ in devices], paths=[mappings], places=[place for _, place in devices])


_TEMPLATE_MAPPINGS = "LaunchTemplateData.BlockDeviceMappings"
_TEMPLATE_IMAGE = "LaunchTemplateData.ImageId"


def _mapped_template(view: View, path: str) -> View | Unknown | None:
    for name in ("LaunchTemplateId", "LaunchTemplateName") if path else ():
        named = view.get(f"{path}.{name}")
        if isinstance(named, Reference):
            return view.follow(named) or why(named)
        if named is not None:
            return Unknown("its launch template was not read", "declare the template in this template")
    return None


def _template_mappings(view: View, path: str) -> Iterator[Placed]:
    """Each mapping that is a volume: one without `Ebs` is a disk of the host, or takes a device away."""
    for index, mapping in enumerate(blocks(view.get(path))):
        place: tuple[Resource, AttributePath] = (view.resource, (*path.split("."), index))
        if isinstance(mapping, Unknown):
            yield mapping, place
            continue
        for ebs in blocks(mapping.get("Ebs")):
            block = ebs if isinstance(ebs, Unknown) else {name: ebs.get(word) for name, word in _EBS.items()}
            yield _placed(view, mapping.get("DeviceName"), block, _by_default(view)), place


_EBS = {"encrypted": "Encrypted", "kms_key_id": "KmsKeyId", "snapshot_id": "SnapshotId"}

_NO_IMAGE = Unknown("neither the root disk nor an image is written", "write the root disk")
_MAY_BE_ROOT = Unknown("which of its disks is the root disk is not known", "write the root disk's device name")


def _listed(devices: list[Placed]) -> Derived:
    values = [device for device, _ in devices]
    return Derived(values, paths=["root_block_device"], places=[place for _, place in devices])


def _template(view: View) -> View | Unknown | None:
    """Find the launch template that fills in what the instance leaves open."""
    for name in (view.get("launch_template.id"), view.get("launch_template.name")):
        if isinstance(name, Reference):
            return view.follow(name) or why(name)
        if name is not None:
            return Unknown("its launch template was not read", "declare the template in this root")
    return None


def _over_template(view: View, template: View) -> list[Placed]:
    """The instance's own devices, and those of its template that it does not replace."""
    own = [*([_root(view)] if blocks(view.get("root_block_device")) else []), *_further(view)]
    names = [device if isinstance(device, Unknown) else device["name"] for device, _ in own]
    inherited = _not_replaced(_mappings(template), [*names, *(_ROOT_NAMES if _ROOT in names else ())])
    return _with_root(view, [*own, *inherited], _image_default(view))


def _not_replaced(devices: Iterator[Placed], names: list[Value]) -> Iterator[Placed]:
    """The devices of a template that no device of the machine's own takes the place of, by name."""
    unsure = any(not isinstance(name, str) or name == _UNNAMED for name in names)
    for device, place in devices:
        if isinstance(device, Unknown):
            yield device, place
        elif device["name"] == _UNNAMED or device["name"] not in names:
            doubt = unsure or (device["name"] == _UNNAMED and bool(names))
            yield {**device, "encrypted": any_of([device["encrypted"], _MAY_BE_REPLACED])} if doubt else device, place


_MAY_BE_REPLACED = Unknown("whether the machine replaces the disk of its launch template is not known")


def _root(view: View) -> Placed:
    written = blocks(view.get("root_block_device"))
    if not written:
        return _device(_ROOT, {}, _image_default(view)), (view.resource, ())
    return _placed(view, _ROOT, written[0], _image_default(view)), (view.resource, ("root_block_device", 0))


def _further(view: View) -> Iterator[Placed]:
    for index, block in enumerate(blocks(view.get("ebs_block_device"))):
        name = None if isinstance(block, Unknown) else block.get("device_name")
        yield _placed(view, name, block, _by_default(view)), (view.resource, ("ebs_block_device", index))


def _mappings(view: View) -> Iterator[Placed]:
    for index, mapping in enumerate(blocks(view.get("block_device_mappings"))):
        place = (view.resource, ("block_device_mappings", index))
        if isinstance(mapping, Unknown):
            yield mapping, place
            continue
        for ebs in blocks(mapping.get("ebs")):
            yield _placed(view, mapping.get("device_name"), ebs, _by_default(view)), place


def _placed(view: View, name: Value, block: dict[str, Value] | Unknown, default: Truth) -> Value:
    """One written device; one from a snapshot inherits the snapshot's encryption, one that runs is its volume's.

    Where the account encrypts by default, it does so whatever is written (EC2 API, EnableEbsEncryptionByDefault).
    """
    if isinstance(block, Unknown):
        return block
    volume = block.get("volume_id")
    if volume is not None:
        return _device(name, block, _inherited(view, volume))
    source = block.get("snapshot_id")
    device = _device(name, block, default if source is None else any_of([default, _inherited(view, source)]))
    return {**device, "encrypted": any_of([device["encrypted"], _by_default(view)])}


def _device(name: Value, block: dict[str, Value], default: Truth) -> dict[str, Value]:
    """One element of `encryption.volumes`."""
    written = block.get("encrypted")
    return {
        "name": name if isinstance(name, str) else _UNNAMED,
        "encrypted": default if written is None else flag(written, default=False),
        "key": block.get("kms_key_id"),
    }


def _by_default(view: View) -> Truth:
    """Whether the account encrypts every new volume: declared beside the machine, or off as AWS leaves it."""
    return any_of(
        setting if isinstance(setting, Unknown) else flag(setting.get("enabled"), default=True)
        for setting in declared(view, "aws_ebs_encryption_by_default")
    )


def _image_default(view: View) -> Truth:
    """Whether a root device is encrypted unasked: by the account, or because its image is."""
    return _by_image(view, view.get("ami") or view.get("image_id"))


def _by_image(view: View, image: Value) -> Truth:
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
    written = device.get("encrypted")
    if written is not None:
        return flag(written, default=False)
    source = device.get("snapshot_id")
    return _by_default(view) if source is None else _inherited(view, source)


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


DISKS: dict[str, ComputedProperty] = {
    "image_encrypted": image_encrypted,
    "instance_volumes": instance_volumes,
    "mapped_volumes": mapped_volumes,
    "template_volumes": template_volumes,
    "volume_encrypted": volume_encrypted,
}
