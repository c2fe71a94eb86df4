"""What operators of a cluster are told: where secrets come from, where backups go, whom alerts reach."""

from __future__ import annotations

import pytest

from phiward.graph.view import View
from phiward.model.value import Unknown, Value
from tests.graph.clusters import view

OPEN = Unknown("any")


def stands(kind: str, api: str, spec: str) -> View:
    return view(
        f"{kind}/ns/x", f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"
    )


def same(found: Value, expected: Value) -> None:
    """Equal, with any `Unknown` standing for every other."""
    assert isinstance(found, Unknown) if isinstance(expected, Unknown) else found == expected, found


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("{aws: {auth: {secretRef: {sessionTokenSecretRef: {name: a}}}}}", False),
        ("{aws: {auth: {secretRef: '${REF}'}}}", OPEN),
        ("{gcpsm: {auth: {secretRef: {secretAccessKeySecretRef: {name: a}}}}}", True),
        ("{gcpsm: {auth: {workloadIdentity: {serviceAccountRef: {name: a}}}}}", False),
        ("{gcpsm: {projectID: p}}", OPEN),
        ("{azurekv: {authSecretRef: {clientCertificate: {name: a}}}}", OPEN),
        ("{azurekv: {authType: ManagedIdentity}}", False),
        ("{azurekv: {authType: '${TYPE}', authSecretRef: {clientSecret: {name: a}}}}", OPEN),
        ("{vault: {auth: {appRole: {secretRef: {name: a}}}}}", True),
        ("{vault: {auth: {kubernetes: {role: r, secretRef: {name: a}}}}}", OPEN),
        ("{vault: {auth: {kubernetes: {role: r}}}}", False),
        ("{vault: {auth: {jwt: {kubernetesServiceAccountToken: {serviceAccountRef: {name: a}}}}}}", False),
        ("{vault: {auth: {iam: {secretRef: {accessKeyIDSecretRef: {name: a}}}}}}", True),
        ("{vault: {auth: {cert: {secretRef: {name: a}}}}}", OPEN),
        ("{doppler: {auth: {secretRef: {dopplerToken: {name: a}}}}}", OPEN),
        ("{}", OPEN),
        ("'${PROVIDER}'", OPEN),
    ],
)
def test_what_opens_a_store_of_secrets(provider: str, expected: Value) -> None:
    store = stands("SecretStore", "external-secrets.io/v1", f"{{provider: {provider}}}")
    same(store.property("secrets.lasting_credential"), expected)


@pytest.mark.parametrize(
    ("conditions", "provider", "expected"),
    [
        ("[{namespaceSelector: {matchLabels: {}}}]", "{aws: {}}", True),
        ("[{namespaceSelector: '${SELECTOR}'}]", "{aws: {}}", OPEN),
        ("['${CONDITION}']", "{aws: {}}", OPEN),
        ("[{namespaceRegexes: ['a*']}]", "{aws: {}}", OPEN),
        ("[{namespaceRegexes: ['ehr-|']}]", "{aws: {}}", OPEN),
        ("[{namespaceRegexes: ['${NAME}']}]", "{aws: {}}", OPEN),
        ("[{namespaces: ['${NAME}']}]", "{aws: {}}", False),
        ("[]", "{vault: {caProvider: {name: ca}, auth: {kubernetes: {role: r}}}}", True),
        ("[]", "{vault: {auth: {kubernetes: {serviceAccountRef: {name: a}}}}}", OPEN),
        ("[]", "{vault: {auth: {kubernetes: {serviceAccountRef: {name: a, namespace: '${SPACE}'}}}}}", OPEN),
        ("[]", "{webhook: {secrets: [{name: a, secretRef: {name: b, namespace: c}}]}}", OPEN),
        ("[]", "{aws: {region: '${REGION}'}}", True),
        ("[]", "{aws: {sessionTagsPolicy: '${POLICY}'}}", OPEN),
        ("[]", "'${PROVIDER}'", OPEN),
    ],
)
def test_whom_a_store_of_secrets_serves(conditions: str, provider: str, expected: Value) -> None:
    spec = f"{{conditions: {conditions}, provider: {provider}}}"
    text = f"apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {{name: x}}\nspec: {spec}\n"
    same(view("ClusterSecretStore//x", text).property("secrets.every_namespace"), expected)


@pytest.mark.parametrize(
    ("provider", "config", "encrypted", "key"),
    [
        ("aws", "{s3Url: 'https://s3.us-gov-west-1.amazonaws.com'}", True, OPEN),
        ("aws", "{s3Url: 'https://amazonaws.com.example.org'}", OPEN, OPEN),
        ("aws", "{s3Url: '${URL}'}", OPEN, OPEN),
        ("aws", "{s3Url: 'https://m', customerKeyEncryptionFile: /key}", True, "customer"),
        ("aws", "{serverSideEncryption: '${HOW}'}", True, OPEN),
        ("gcp", "{kmsKeyName: k}", True, "customer"),
        ("velero.io/gcp", "{kmsKeyName: '${KEY}'}", True, OPEN),
        ("azure", "{storageAccount: a}", True, OPEN),
        ("alibabacloud", "{}", OPEN, OPEN),
        ("'${PROVIDER}'", "{}", OPEN, OPEN),
    ],
)
def test_where_backups_are_kept(provider: str, config: str, encrypted: Value, key: Value) -> None:
    location = stands("BackupStorageLocation", "velero.io/v1", f"{{provider: {provider}, config: {config}}}")
    same(location.property("encryption.at_rest"), encrypted)
    same(location.property("encryption.key"), key)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{route: {receiver: a}, receivers: [{name: a, slackConfigs: [{channel: c}]}]}", True),
        ("{route: {receiver: a}, receivers: [{name: a, slackConfigs: []}]}", False),
        ("{route: {receiver: a}, receivers: [{name: a, slackConfigs: '${S}'}]}", OPEN),
        ("{route: {receiver: a}, receivers: [{name: '${N}', slackConfigs: [{channel: c}]}]}", OPEN),
        ("{route: {receiver: a}, receivers: '${RECEIVERS}'}", OPEN),
        ("{route: {receiver: a, routes: '${ROUTES}'}, receivers: [{name: a}]}", OPEN),
        ("{inhibitRules: []}", OPEN),
    ],
)
def test_whom_alerts_reach(spec: str, expected: Value) -> None:
    same(stands("AlertmanagerConfig", "monitoring.coreos.com/v1alpha1", spec).property("alarm.acts"), expected)
