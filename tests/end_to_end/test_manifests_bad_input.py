"""Manifests as they should not be: said with file and line, the rest is judged, and the status says what is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import FORMATS

RULE = ("--rule", "pod-not-privileged")
GOOD = "apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: ehr}\nspec: {containers: [{name: a, image: x}]}\n"
BAD = GOOD.replace("good", "bad")
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
BOMB = (
    f"{HEAD}data:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"  a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
)  # fmt: skip
UNREADABLE: dict[str, tuple[str | bytes, str, int, str]] = {
    "a bomb of aliases": (BOMB, "syntax", 10, "its aliases repeat more than 200,000 values"),
    "a key twice": (f"{BAD}kind: Deployment\n", "syntax", 5, "the key 'kind' stands here for the second time"),
    "a tab": ("apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n", "syntax", 4, "cannot start any token"),
    "nested too deep": (f"{HEAD}data: {'[' * 1000}{']' * 1000}\n", "syntax", 4, "nesting depth"),
    "an anchor that is not there": (f"{HEAD}data: *x\n", "syntax", 4, "the anchor 'x' is not there"),
    "an anchor inside of itself": (f"{HEAD}data: &x [*x]\n", "syntax", 4, "stands inside of itself"),
    "a merge of no mapping": (f"{HEAD}<<: 1\n", "syntax", 4, "only mappings can be merged"),
    "bytes that are no text": (BAD.encode() + b"# \xff\xfe\n", "encoding", 5, "not UTF-8 text"),
    "a NUL byte": (BAD.encode() + b"# \0\n", "encoding", 5, "binary content"),
    "a list of objects": ("- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n", "syntax", 1, "cannot be applied"),
    "a template that is not rendered": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n", "syntax", 4, "a template that is not rendered",
    ),
    "a template from its first line on": (
        "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n{{- end }}\n", "syntax", 1, "a template",
    ),
    "no name": ("apiVersion: v1\nkind: Pod\nmetadata: {namespace: ehr}\nspec: {}\n", "syntax", 1, "the Pod has no metadata.name"),
    "a list whose items are none": ("apiVersion: v1\nkind: List\nitems: {a: 1}\n", "syntax", 3, "are not a list"),
    "an element that is nothing": ("apiVersion: v1\nkind: List\nitems:\n- null\n", "syntax", 1, "is not a Kubernetes object"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_line_and_the_rest_is_judged(scan, what):
    content, code, line, said = UNREADABLE[what]
    done = scan({"good.yaml": GOOD, "bad.yaml": content}, rules=RULE)
    assert (done.status, done.verdicts) == (4, {"Pod/ehr/good": "pass"})
    [(found_code, path, found_line)] = done.holes
    assert (found_code, path) == (code, "bad.yaml")
    assert found_line == line or what == "an element that is nothing"
    assert said in done.message()


def test_a_template_that_is_not_rendered_says_what_to_scan(scan):
    done = scan({"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n"}, rules=RULE)
    assert "helm template CHART | phiward scan -" in done.message()


def test_one_document_hides_no_other(scan):
    parts = [
        BAD,
        "a: [",
        "just words",
        "- 1",
        "kind: Pod\nmetadata: {name: x}",
        "",
        "# nothing",
        "null",
        GOOD,
        "x: 1\nx: 2",
    ]
    done = scan({"all.yaml": "\n---\n".join(parts)}, rules=RULE)
    assert (done.status, done.verdicts) == (4, {"Pod/ehr/bad": "pass", "Pod/ehr/good": "pass"})
    said = {d["line"]: d["message"] for d in done.record["diagnostics"]}
    assert {line: text.partition(": ")[2] for line, text in said.items() if "is none" in text} == {
        9: "it is no mapping",
        11: "it is no mapping",
        13: "it has no apiVersion",
    }
    assert sorted(said) == [7, 9, 11, 13, 29]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_says_what_is_missing(scan, phiward, format_):
    scan({"good.yaml": GOOD, "bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [\n"}, rules=RULE)
    done = phiward("scan", ".", "--format", format_, *RULE)
    assert done.returncode == 4
    assert "bad.yaml" in done.stdout


CONFIGURATION = (
    "kind.x-k8s.io/v1alpha4 Cluster", "kubeadm.k8s.io/v1beta4 ClusterConfiguration", "kubeadm.k8s.io/v1beta4 InitConfiguration",
    "kustomize.config.k8s.io/v1beta1 Kustomization", "kustomize.config.k8s.io/v1alpha1 Component", "v1 Config",
    "kubelet.config.k8s.io/v1beta1 KubeletConfiguration", "kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration",
    "kubescheduler.config.k8s.io/v1 KubeSchedulerConfiguration", "apiserver.config.k8s.io/v1 EncryptionConfiguration",
    "apiserver.config.k8s.io/v1 AdmissionConfiguration", "apiserver.k8s.io/v1beta1 EgressSelectorConfiguration",
    "pod-security.admission.config.k8s.io/v1 PodSecurityConfiguration", "audit.k8s.io/v1 Policy",
    "client.authentication.k8s.io/v1 ExecCredential", "admission.k8s.io/v1 AdmissionReview", "install.istio.io/v1alpha1 IstioOperator",
    "authorization.k8s.io/v1 SelfSubjectAccessReview", "skaffold/v4beta6 Config", "ctlptl.dev/v1alpha1 Cluster",
)  # fmt: skip


def test_configuration_that_has_no_name_is_no_hole(scan):
    files = {
        f"{number}.yaml": "apiVersion: {}\nkind: {}\n".format(*each.split())
        for number, each in enumerate(CONFIGURATION)
    }
    files |= {"skaffold.yaml": "apiVersion: skaffold/v4beta6\nkind: Config\nmetadata: {}\n"}
    done = scan(files | {"good.yaml": GOOD}, rules=RULE)
    assert (done.status, done.holes, done.verdicts) == (0, [], {"Pod/ehr/good": "pass"})


def test_configuration_of_the_control_plane_is_judged_without_a_name(scan):
    files = {
        "encryption.yaml": "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: []\n",
        "audit.yaml": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n",
    }
    done = scan(files, rules=("--rule", "cluster-secrets-encrypted", "--rule", "audit-policy-records"))
    assert done.verdicts == {"EncryptionConfiguration//encryptionconfiguration": "fail", "Policy//policy": "fail"}


def test_kinds_that_nobody_knows_are_counted_and_versions_mean_their_group(scan):
    objects = [
        "apiVersion: example.com/v9\nkind: Widget\nmetadata: {name: w}\n",
        "apiVersion: apps/v99\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: []}}}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: w.example.com}\nspec: {group: example.com, versions: [{name: v1, schema: {openAPIV3Schema: {properties: {apiVersion: {}, kind: {}}}}}]}\n",
    ]
    done = scan({"a.yaml": "---\n".join(objects)}, rules=RULE)
    assert (done.status, done.verdicts, done.holes) == (0, {"Deployment//d": "pass"}, [])
    assert done.record["unmodelled_types"] == {
        "example.com/Widget": 1,
        "apiextensions.k8s.io/CustomResourceDefinition": 1,
    }


def test_what_another_tool_fills_in_is_unknown_and_keeps_its_name(scan):
    text = BAD.replace("name: bad", "name: 'api-${STAGE}'").replace("image: x", "securityContext: {privileged: '${P}'}")
    done = scan({"a.yaml": text}, rules=RULE)
    assert done.verdicts == {"Pod/ehr/api-${STAGE}": "unknown"}


def test_links_lead_to_nothing_outside(scan, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "pod.yaml"
    outside.write_text(BAD)
    (tmp_path / "link.yaml").symlink_to(outside)
    (tmp_path / "again.yaml").symlink_to("good.yaml")
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "directory").symlink_to(outside.parent)
    done = scan({"good.yaml": GOOD, ".git/HEAD": ""}, rules=RULE)
    assert (done.status, done.verdicts) == (4, {"Pod/ehr/good": "pass"})
    assert done.holes == [("outside", "link.yaml", 0)]


def test_anchors_and_merges_are_followed(scan):
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- &p\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: ehr}\n"
        "  spec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}\n"
        "- <<: *p\n  metadata: {name: b, namespace: ehr}\n"
    )
    assert scan({"a.yaml": text}, rules=RULE).verdicts == {"Pod/ehr/a": "fail", "Pod/ehr/b": "fail"}


def test_many_documents_and_long_texts_are_read(scan):
    many = "---\n".join(GOOD.replace("good", f"p{number}") for number in range(10_000))
    long = f"{HEAD}data:\n  a: |\n" + f"    {'x' * 1000}\n" * 5_000
    done = scan({"many.yaml": many, "long.yaml": long, "line.yaml": f"{BAD}x: {'x' * 2_000_000}\n"}, rules=RULE)
    assert (done.status, len(done.verdicts), done.holes) == (0, 10_001, [])


def test_order_of_files_and_documents_changes_nothing(scan, tmp_path):
    def found(files: dict[str, Any]) -> list[tuple[str, str, str]]:
        for old in tmp_path.glob("*.yaml"):
            old.unlink()
        done = scan(files, rules=())
        return sorted(
            (f["rule"], f["resource"]["address"], f["verdict"], f["message"]) for f in done.record["findings"]
        )

    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": "ehr"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    space = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "ehr", "labels": {"istio-injection": "enabled"}},
    }
    texts = [GOOD, BAD, json.dumps(policy) + "\n", json.dumps(space) + "\n"]
    first = found({f"{number}.yaml": text for number, text in enumerate(texts)})
    assert first
    assert found({f"{number}.yaml": text for number, text in enumerate(reversed(texts))}) == first
    assert found({"all.yaml": "---\n".join(texts)}) == found({"all.yaml": "---\n".join(reversed(texts))}) == first
