"""Where a cluster's backups are kept: whether they are encrypted there and on the way.

The catalog names each function by its key in `BACKUP_LOCATIONS`. Sources: velero-plugin-for-aws, -gcp and
-microsoft-azure, backupstoragelocation.md (`s3Url`, `kmsKeyId`, `serverSideEncryption`, `customerKeyEncryptionFile`,
`insecureSkipTLSVerify`, `kmsKeyName`); Amazon S3 user guide, "Default bucket encryption" (every new object since
January 2023); Google Cloud Storage, "Data encryption options", and Azure, "Storage encryption for data at rest": always
encrypted.
"""

from __future__ import annotations

from phiward.graph.truth import Truth, any_of, flag, negate, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

_AMAZON = pattern(r"https?://(?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?(?:[:/].*)?")
_OF_THE_BUCKET = Unknown("backups take the key of their bucket", "name the key in config")


def location_encrypted(view: View) -> Value | Derived:
    """Whether backups are encrypted where they are kept."""
    provider = _provider(view)
    if isinstance(provider, Unknown):
        return provider
    if provider in ("gcp", "azure"):
        return Derived(True, paths=["spec.provider"])
    if provider != "aws":
        return Unknown(f"whether the provider {provider} encrypts backups stands outside of the cluster's objects")
    asked = any_of(
        written(view.get(f"spec.config.{name}"))
        for name in ("kmsKeyId", "serverSideEncryption", "customerKeyEncryptionFile")
    )
    return Derived(any_of([asked, _amazon(view)]), paths=["spec.config"])


def _provider(view: View) -> str | Unknown:
    """The name of a location's plugin, without who made it: `velero.io/aws` is `aws`."""
    provider = view.get("spec.provider")
    return why(provider) if undecided(provider) else str(provider).removeprefix("velero.io/")


def _amazon(view: View) -> Truth:
    """Whether it is Amazon's own S3, and not another store that speaks its protocol."""
    url = view.get("spec.config.s3Url")
    if undecided(url):
        return why(url)
    if url in (None, "") or _AMAZON.fullmatch(str(url)):
        return True
    return Unknown("whether the store at s3Url encrypts by itself is not written", "write serverSideEncryption")


def location_key(view: View) -> Value | Derived:
    """The key that backups are encrypted with."""
    provider = _provider(view)
    if isinstance(provider, Unknown):
        return provider
    if provider == "gcp":
        named = written(view.get("spec.config.kmsKeyName"))
        return Derived("customer", paths=["spec.config.kmsKeyName"]) if named is True else named or _OF_THE_BUCKET
    if provider != "aws":
        return _OF_THE_BUCKET
    key = view.get("spec.config.kmsKeyId")
    if key not in (None, ""):
        return Derived(key, paths=["spec.config.kmsKeyId"])
    own = written(view.get("spec.config.customerKeyEncryptionFile"))
    if own is not False:
        return own if isinstance(own, Unknown) else Derived("customer", paths=["spec.config.customerKeyEncryptionFile"])
    return _by_algorithm(view.get("spec.config.serverSideEncryption"))


def _by_algorithm(algorithm: Value) -> Value | Derived:
    if undecided(algorithm):
        return why(algorithm)
    custody = {"AES256": "service", "aws:kms": "aws"}.get(str(algorithm))
    return Derived(custody, paths=["spec.config.serverSideEncryption"]) if custody else _OF_THE_BUCKET


def location_in_transit(view: View) -> Value | Derived:
    """Whether backups travel encrypted: they do unless their store's address says otherwise."""
    url = view.get("spec.config.s3Url")
    plain = why(url) if undecided(url) else str(url).lower().startswith("http:")
    return Derived(negate(plain), paths=["spec.config.s3Url"])


def location_verified(view: View) -> Value | Derived:
    """Whether the certificate of the store is checked."""
    skipped = flag(view.get("spec.config.insecureSkipTLSVerify"), default=False)
    return Derived(negate(skipped), paths=["spec.config.insecureSkipTLSVerify"])


BACKUP_LOCATIONS: dict[str, ComputedProperty] = {
    "location_encrypted": location_encrypted,
    "location_in_transit": location_in_transit,
    "location_key": location_key,
    "location_verified": location_verified,
}
