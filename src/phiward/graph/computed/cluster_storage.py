"""Whether the volumes of a cluster are encrypted, and with which key.

The catalog names each function by its key in `CLUSTER_STORAGE`. Sources: kubernetes.io, "Storage Classes", "Dynamic
Volume Provisioning" (the default class) and "Persistent Volumes"; aws-ebs-csi-driver, docs/parameters.md (`encrypted`,
`kmsKeyId`); Google Cloud, "About disk encryption", and Azure, "Server-side encryption of Azure Disk Storage": always
encrypted.
"""

from __future__ import annotations

from phiward.graph.truth import any_of, equals, flag, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided

STORAGE_CLASS = "storage.k8s.io/StorageClass"
_EBS = ("ebs.csi.aws.com", "kubernetes.io/aws-ebs", "ebs.csi.eks.amazonaws.com")
_ALWAYS = ("pd.csi.storage.gke.io", "kubernetes.io/gce-pd", "disk.csi.azure.com", "kubernetes.io/azure-disk")
_PLUGINS = {
    "gcePersistentDisk": "kubernetes.io/gce-pd",
    "azureDisk": "kubernetes.io/azure-disk",
    "awsElasticBlockStore": "kubernetes.io/aws-ebs",
}
_NOBODY = "kubernetes.io/no-provisioner"
_MADE_BY = "pv.kubernetes.io/provisioned-by"
"""What Kubernetes writes on the volumes that it makes by a class."""
VOLUME = "PersistentVolume"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def class_encrypted(view: View) -> Value | Derived:
    """Whether a storage class makes encrypted volumes."""
    provisioner = view.get("provisioner")
    if undecided(provisioner):
        return why(provisioner)
    if provisioner in _EBS:
        return Derived(flag(view.get("parameters.encrypted"), default=False), paths=["parameters.encrypted"])
    if provisioner in _ALWAYS:
        return Derived(True, paths=["provisioner"])
    return Unknown(f"whether volumes of {provisioner} are encrypted stands outside of the cluster's objects")


def class_key(view: View) -> Value | Derived:
    """The key that a storage class names; `aws` where EBS is left to choose."""
    provisioner = view.get("provisioner")
    if undecided(provisioner):
        return why(provisioner)
    if provisioner in _EBS:
        key = view.get("parameters.kmsKeyId")
        if key not in (None, ""):
            return Derived(key, paths=["parameters.kmsKeyId"])
        encrypted = flag(view.get("parameters.encrypted"), default=False)
        return encrypted if isinstance(encrypted, Unknown) else "aws" if encrypted else "none"
    if provisioner in _ALWAYS:
        own = view.get("parameters.disk-encryption-kms-key") or view.get("parameters.diskEncryptionSetID")
        if undecided(own):
            return why(own)
        return "customer" if own else "service"
    return Unknown(f"which key encrypts volumes of {provisioner} stands outside of the cluster's objects")


def class_retained(view: View) -> Value | Derived:
    """Whether disks of a class outlive their claims: not by default; a class that makes no disks deletes none."""
    policy, provisioner = view.get("reclaimPolicy"), view.get("provisioner")
    makes_none = equals(provisioner, _NOBODY)
    kept = equals("Delete" if policy is None else policy, "Retain")
    return Derived(any_of([kept, makes_none]), paths=["reclaimPolicy"])


def persistent_volume_encrypted(view: View) -> Value | Derived:
    """Whether a volume is encrypted: where its provider leaves no choice, or else as the class that made it has it."""
    driver = _driver(view)
    if undecided(driver):
        return why(driver)
    if driver in _ALWAYS:
        return Derived(True, paths=["spec"])
    return _through_maker(view, "encryption.at_rest")


def persistent_volume_key(view: View) -> Value | Derived:
    """The key of a volume, as the class that made it names it; a volume itself does not say."""
    return _through_maker(view, "encryption.key")


def _driver(view: View) -> Value:
    """What makes and attaches the disk of a volume: its CSI driver, or the volume plugin that it names."""
    for field, plugin in _PLUGINS.items():
        block = view.get(f"spec.{field}")
        if block is not None:
            return why(block) if undecided(block) else plugin
    return view.get("spec.csi.driver")


def _through_maker(view: View, name: str) -> Value | Derived:
    made_by, class_ = view.get(f'metadata.annotations["{_MADE_BY}"]'), view.get("spec.storageClassName")
    if undecided(made_by) or made_by is None or class_ in (None, ""):
        return Unknown("the disk was made by hand, and stands outside of the cluster's objects", "make it by a class")
    return _through_class(view, name)


def claim_encrypted(view: View) -> Value | Derived:
    """Whether the volume behind a claim is encrypted: as its storage class has it."""
    return _through_class(view, "encryption.at_rest")


def claim_key(view: View) -> Value | Derived:
    """The key of the volume behind a claim, as its storage class names it."""
    return _through_class(view, "encryption.key")


def _through_class(view: View, name: str) -> Value | Derived:
    found = _class_of(view)
    if isinstance(found, Unknown):
        return found
    reading = found.reading(name)
    value = reading.value
    if name == "encryption.key" and reading.key is not None and reading.path:
        value = found.get(".".join(map(str, reading.path)))
    return Derived(value, paths=["spec.storageClassName"])


def _class_of(view: View) -> View | Unknown:
    name = view.get("spec.storageClassName")
    if undecided(name):
        return why(name)
    bound = view.get("spec.volumeName")
    if bound is not None and not name:
        return _volume(view, bound) or Unknown("it is bound to a volume that was made by hand")
    if name == "":
        return Unknown("it asks for a volume that was made by hand")
    classes = view.graph.cluster(view.resource.scope).of(STORAGE_CLASS)
    if name:
        found = [candidate for candidate in classes if candidate.name == name]
        missing = Unknown(f"the storage class {name} is not in what was scanned", "scan what declares it too")
    else:
        found = [candidate for candidate in classes if _is_default(candidate)]
        missing = Unknown("the cluster's default storage class is not in what was scanned", "write storageClassName")
    return found[0] if len(found) == 1 else missing


def _volume(view: View, name: Value) -> View | None:
    found = view.graph.cluster(view.resource.scope).of(VOLUME)
    return next((volume for volume in found if volume.name == name), None)


def _is_default(view: View) -> bool:
    return flag(view.get(f'metadata.annotations["{_DEFAULT}"]'), default=False) is True


CLUSTER_STORAGE: dict[str, ComputedProperty] = {
    "claim_encrypted": claim_encrypted,
    "claim_key": claim_key,
    "class_encrypted": class_encrypted,
    "class_key": class_key,
    "class_retained": class_retained,
    "persistent_volume_encrypted": persistent_volume_encrypted,
    "persistent_volume_key": persistent_volume_key,
}
