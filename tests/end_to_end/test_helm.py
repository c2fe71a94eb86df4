"""Helm charts through the real Helm: judged as rendered (A28), found again in their templates, incomplete without it."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from harness import FORMATS

RULE = ("--rule", "pod-not-privileged")
CHART = "apiVersion: v2\nname: {name}\nversion: 0.1.0\n"
POD = """{{{{- if .Values.enabled }}}}
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  containers:
    - name: main
      securityContext:
        privileged: {{{{ .Values.privileged }}}}
{{{{- end }}}}
"""
VALUES = "enabled: true\nprivileged: false\n"
PRIVILEGED = "privileged: true\n"


def chart(where: str, name: str, **more: str) -> dict[str, str]:
    """A chart of one pod, below a repository."""
    files = {"Chart.yaml": CHART.format(name=name), "values.yaml": VALUES, "templates/pod.yaml": POD.format(name=name)}
    return {f"{where}/{path}": text for path, text in {**files, **more}.items()} | {".git/HEAD": ""}


def settings(**charts: Any) -> str:
    return json.dumps({"helm": {name.replace("__", "/"): release for name, release in charts.items()}})


def places(done: Any) -> dict[str, tuple[str, int, str]]:
    """Address -> file, line and verdict."""
    return {
        f["resource"]["address"]: (f["location"]["path"], f["location"]["line"], f["verdict"])
        for f in done.record["findings"]
    }


def test_a28_values_decide_and_findings_stand_in_the_template(scan, tools):
    files = chart("charts/ehr", "ehr") | {"charts/ehr/values-prod.yaml": PRIVILEGED}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, places(done)) == (0, {"Pod//ehr": ("charts/ehr/templates/pod.yaml", 10, "pass")})
    files["phiward.yaml"] = settings(
        charts__ehr={"values": ["values-prod.yaml"], "release": "prod", "namespace": "ehr"}
    )
    done = scan(files, rules=RULE, **tools)
    assert (done.status, places(done)) == (1, {"Pod/ehr/ehr": ("charts/ehr/templates/pod.yaml", 10, "fail")})
    assert scan(None, rules=RULE, path="charts/ehr/values-prod.yaml", **tools).status == 1
    assert scan(None, rules=RULE, path="charts/ehr/templates", **tools).status == 1


def test_without_helm_a_chart_is_incomplete_and_never_judged_unrendered(scan):
    files = chart("charts/ehr", "ehr", **{"templates/plain.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"})
    done = scan(files, rules=RULE, PATH="")
    assert (done.status, done.verdicts, done.holes) == (4, {}, [("helm", "charts/ehr/Chart.yaml", 0)])
    assert "install Helm" in done.message()
    assert "helm template charts/ehr | phiward scan -" in done.message()


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_says_so(scan, phiward, tmp_path, format_):
    scan(chart("charts/ehr", "ehr"), rules=RULE, PATH="")
    done = phiward("scan", ".", "--format", format_, PATH="")
    assert done.returncode == 4
    assert "Helm" in done.stdout


def test_a_helm_that_lies_in_the_tree_is_not_run(scan, tmp_path):
    files = chart("charts/ehr", "ehr") | {"bin/helm": "#!/bin/sh\ntouch ran\n"}
    scan(files, rules=RULE, PATH="")
    (tmp_path / "bin" / "helm").chmod(0o755)
    for path in (str(tmp_path / "bin"), "bin", "."):
        assert scan(None, rules=RULE, PATH=path).status == 4
    assert not list(tmp_path.rglob("ran"))


def test_several_releases_of_one_chart_are_judged_apart(scan, tools):
    files = chart("ehr", "ehr") | {"ehr/prod.yaml": PRIVILEGED}
    files["phiward.yaml"] = settings(ehr=[{"release": "dev"}, {"release": "prod", "values": ["prod.yaml"]}])
    done = scan(files, rules=RULE, **tools)
    found = {(f["resource"]["scope"], f["verdict"]) for f in done.record["findings"]}
    assert found == {("ehr/dev", "pass"), ("ehr/prod", "fail")}


def test_what_depends_on_a_namespace_that_nobody_told_is_open(scan, phiward, tools):
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: {{ .Release.Namespace }}\nspec:\n  hostname: x.{{ .Release.Namespace }}.svc\n"
    scan(chart("ehr", "ehr", **{"templates/pod.yaml": text}), rules=RULE, **tools)
    done = phiward("explain", "Pod//a", ".", **tools)
    assert "the namespace of the release is not told" in done.stdout
    assert "namespace-of-the-release" not in done.stdout


def test_libraries_and_subcharts_are_no_roots(scan, tools):
    files = chart(
        "ehr",
        "ehr",
        **{
            "Chart.yaml": CHART.format(name="ehr")
            + "dependencies:\n- {name: lib, version: 0.1.0, repository: 'file://../lib'}\n- {name: db, alias: records, version: 0.1.0}\n"
        },
    )
    files |= chart("ehr/charts/db", "db") | {"ehr/charts/db/values.yaml": "enabled: true\nprivileged: true\n"}
    files |= {
        "lib/Chart.yaml": CHART.format(name="lib") + "type: library\n",
        "lib/templates/_x.tpl": '{{ define "x" }}{{ end }}',
    }
    done = scan(files, rules=RULE, **tools)
    assert places(done) == {
        "Pod//db": ("ehr/charts/db/templates/pod.yaml", 10, "fail"),
        "Pod//ehr": ("ehr/templates/pod.yaml", 10, "pass"),
    }
    assert (scan(None, rules=RULE, path="lib", **tools).status) == 1


def test_a_dependency_that_is_not_vendored_is_incomplete(scan, tools):
    entry = "dependencies:\n- {name: db, version: 1.0.0, repository: 'https://charts.example'}\n"
    done = scan(chart("ehr", "ehr", **{"Chart.yaml": CHART.format(name="ehr") + entry}), rules=RULE, **tools)
    assert (done.status, done.holes) == (4, [("helm", "ehr/Chart.yaml", 0)])
    assert "helm dependency build ehr" in done.message()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('a: {{ required "region is needed" .Values.region }}', "region is needed"),
        ("{{ .Values.x", "unclosed action"),
        ('{{ include "nothing" . }}', "nothing"),
        ("a: b: c", "mapping values"),
        ("{{ range $i := until 100000000 }}{{ $i }} {{ end }}", "helm"),
    ],
)
def test_what_helm_cannot_render_is_incomplete_and_the_rest_is_judged(scan, tools, template, said):
    files = chart("bad", "bad", **{"templates/bad.yaml": template}) | chart("good", "good")
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.verdicts) == (4, {"Pod//good": "pass"})
    assert said in done.message()
    assert "/tmp/" not in done.message()


def test_nothing_of_the_user_or_the_tree_outside_is_read(scan, tools, tmp_path_factory):
    secret = tmp_path_factory.mktemp("home") / "secret"
    secret.write_text("hunter2")
    template = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  environment: {{ env "HOME" | quote }}\n'
    done = scan(chart("ehr", "ehr", **{"templates/a.yaml": template}), rules=RULE, **tools)
    assert done.status == 4
    assert "env" in done.message()
    linked = chart("linked", "linked")
    scan(linked, rules=RULE, path="linked", **tools)


def test_a_link_to_the_outside_is_not_followed(scan, tools, tmp_path, tmp_path_factory):
    secret = tmp_path_factory.mktemp("home") / "secret"
    secret.write_text("hunter2")
    files = chart(
        "ehr",
        "ehr",
        **{
            "templates/a.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ .Files.Get "secret" | quote }}}\n'
        },
    )
    (tmp_path / "ehr").mkdir()
    (tmp_path / "ehr" / "secret").symlink_to(secret)
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.holes) == (4, [("outside", "ehr/secret", 0)])
    assert "hunter2" not in done.stdout


def test_nothing_is_written_into_the_tree(scan, tools, tmp_path):
    files = chart("ehr", "ehr")
    scan(files, rules=RULE, **tools)
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(files)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_network_is_not_asked_for_anything(scan, tools):
    with listening() as (url, asked):
        files = chart(
            "ehr",
            "ehr",
            **{
                "Chart.yaml": CHART.format(name="ehr")
                + f"dependencies:\n- {{name: db, version: 1.0.0, repository: '{url}'}}\n",
                "values.schema.json": json.dumps({"$ref": f"{url}/schema.json"}),
            },
        )
        files |= chart("schema", "schema", **{"values.schema.json": json.dumps({"$ref": f"{url}/schema.json"})})
        files["phiward.yaml"] = settings(schema={"values": [f"{url}/values.yaml"]})
        done = scan(files, rules=RULE, **tools)
        assert done.status == 4
        del files["phiward.yaml"]
        (done,) = [scan(files | {"phiward.yaml": ""}, rules=RULE, path="schema", **tools)]
        assert places(done)["Pod//schema"][2] == "pass"
    assert asked == []


def test_a_name_of_a_chart_is_no_option_of_helm(scan, tools):
    done = scan(chart("ehr", "ehr", **{"Chart.yaml": CHART.format(name="'--post-renderer=x'")}), rules=RULE, **tools)
    assert done.status in (0, 4)
    assert "post-renderer" not in done.stderr


def test_a_chart_that_is_not_there_is_wrong_settings(scan, tools):
    done = scan(chart("ehr", "ehr") | {"phiward.yaml": settings(her={})}, rules=RULE, **tools)
    assert done.status == 2
    assert "there is no chart in her" in done.stderr


def test_an_object_that_only_some_clusters_get_may_be_there_all_the_same(scan, tools):
    template = '{{ if .Capabilities.APIVersions.Has "a.example/v1" }}\napiVersion: a.example/v1\nkind: A\nmetadata: {name: a}\n{{ end }}\n'
    files = chart("ehr", "ehr", **{"templates/a.yaml": template})
    done = scan(files, rules=RULE, **tools)
    assert done.record["unmodelled_types"] == {}
    files["phiward.yaml"] = settings(ehr={"api_versions": ["a.example/v1"]})
    assert scan(files, rules=RULE, **tools).record["unmodelled_types"] == {"a.example/A": 1}


def test_exceptions_in_a_template_cover_what_it_renders_and_nothing_else(scan, tools):
    until = datetime.now(UTC).date() + timedelta(days=30)
    comment = f"{{{{/* phiward:ignore pod-not-privileged until={until} owner=platform -- legacy driver */}}}}\n"
    two = comment + POD.format(name="a") + "---\n" + POD.format(name="b")
    done = scan(
        chart("ehr", "ehr", **{"templates/pod.yaml": two, "values.yaml": VALUES + ""})
        | {"ehr/values.yaml": "enabled: true\nprivileged: true\n"},
        rules=RULE,
        **tools,
    )
    assert done.verdicts["Pod//b"] == "fail"
    other = chart(
        "ehr", "ehr", **{"templates/pod.yaml": comment + POD.format(name="a"), "templates/b.yaml": POD.format(name="b")}
    )
    done = scan(other | {"ehr/values.yaml": "enabled: true\nprivileged: true\n"}, rules=RULE, **tools)
    assert done.verdicts == {"Pod//a": "waived", "Pod//b": "fail"}


def test_a_changed_template_is_judged_in_a_commit_hook(scan, tools):
    files = chart("ehr", "ehr") | {"ehr/values.yaml": "enabled: true\nprivileged: true\n"} | chart("other", "other")
    done = scan(files, "--changed", rules=RULE, path="ehr/templates/pod.yaml", **tools)
    assert (done.status, done.verdicts) == (1, {"Pod//ehr": "fail"})


def test_a_scan_is_the_same_wherever_it_runs(scan, tools, tmp_path):
    files = chart("k8s/ehr", "ehr") | {"k8s/ehr/values.yaml": "enabled: true\nprivileged: true\n", ".git/HEAD": ""}
    first = scan(files, rules=RULE, **tools)
    second = scan(None, rules=RULE, path="..", cwd="k8s", HELM_NAMESPACE="x", HELM_DEBUG="true", **tools)
    assert first.record["findings"] == second.record["findings"]
    assert os.environ.get("HELM_NAMESPACE") is None


@pytest.mark.parametrize("values", ["nothing.yaml", "../../outside.yaml", "templates"])
def test_values_that_cannot_be_read_are_incomplete_and_other_charts_are_judged(scan, tools, values):
    files = chart("ehr", "ehr") | chart("other", "other") | {"phiward.yaml": settings(ehr={"values": [values]})}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.verdicts) == (4, {"Pod//other": "pass"})
    [(code, path, _)] = done.holes
    assert (code, path.endswith(values.removeprefix("../../"))) in (("unreadable", True), ("outside", True))


def test_values_that_are_no_yaml_are_incomplete(scan, tools):
    files = chart("ehr", "ehr") | {"phiward.yaml": settings(ehr={"values": ["bad.yaml"]}), "ehr/bad.yaml": "a: [b"}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.holes) == (4, [("helm", "ehr/Chart.yaml", 0)])
    assert "values" in done.message()


def test_a_name_with_the_namespace_that_nobody_told_says_so_shortly(scan, tools):
    text = POD.format(name="linkerd-{{ .Release.Namespace }}-tap")
    done = scan(chart("ehr", "ehr", **{"templates/pod.yaml": text}), rules=RULE, **tools)
    assert done.verdicts == {"Pod//linkerd-?-tap": "pass"}
