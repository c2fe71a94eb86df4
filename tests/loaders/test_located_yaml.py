"""YAML and JSON as Kubernetes reads them, and the place of everything in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.yaml_builder import MAX_DEPTH, MAX_REPEATED, YamlError
from phiward.model.location import Span
from phiward.model.value import Unknown


def only(text: str) -> Document:
    [document] = documents(text)
    assert isinstance(document, Document), document
    return document


def value(text: str) -> Any:
    return only(text).value


def problem(text: str) -> tuple[str, int, int]:
    [found] = [one for one in documents(text) if isinstance(one, YamlError)]
    return found.message, found.line, found.column


def written(text: str, *path: str | int) -> str:
    """What stands at the span of a path, which lies on one line."""
    document = only(text)
    span = document.spans.find(document.value, path)
    assert span is not None
    assert span.line == span.end_line, span
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


BLOCK = """\
kind: Pod   # what it is
metadata: {name: api, labels: {"app": 'a b'}}
spec:
  containers:
    - name: one
      args: [--a, --b]
    - name: two
      command:
      - sh
  script: |
    echo one
    echo two
  empty:
  anchored: &x {deep: 1}
  again: *x
  merged:
    <<: *x
    own: 2
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("kind",), "kind: Pod"),
        (("metadata",), "metadata: {name: api, labels: {\"app\": 'a b'}}"),
        (("metadata", "labels", "app"), "\"app\": 'a b'"),
        (("spec", "containers", 0, "args", 1), "--b"),
        (("spec", "containers", 1, "command", 0), "sh"),
        (("spec", "script"), "script"),
        (("spec", "empty"), "empty"),
        (("spec", "again"), "again: *x"),
        (("spec", "again", "deep"), "deep: 1"),
        (("spec", "merged", "deep"), "deep: 1"),
        (("spec", "merged", "own"), "own: 2"),
        (("kind", "nothing", "there"), "kind: Pod"),
    ],
)
def test_every_entry_knows_where_it_stands(path, text):
    assert written(BLOCK, *path) == text


def test_a_block_ends_with_its_last_entry_and_not_with_what_follows():
    document = only(BLOCK)
    assert document.spans.find(document.value, ("spec", "containers")) == Span(4, 3, 9, 11)
    assert document.spans.find(document.value, ("spec", "containers", 0)) == Span(5, 7, 6, 23)
    assert document.spans.find(document.value, ()) is None
    assert document.spans.whole.line == 1


def test_documents_know_their_lines_with_the_comments_around_them():
    text = "# head\n---\n# above\na: 1\n# below\n---\n---\n# only words\n--- # beside\nb: 2\n...\n%YAML 1.1\n---\nc: 3"
    found = list(documents(text))
    assert [(d.value, d.first, d.last) for d in found] == [
        ({"a": 1}, 1, 5),
        ({"b": 2}, 6, 10),
        ({"c": 3}, 11, 14),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a {x: 1}\nb: {<<: *a, z: 2}", {"a": {"x": 1}, "b": {"x": 1, "z": 2}}),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2}", {"a": {"x": 1}, "b": {"x": 2}}),
        ("- &a {x: 1}\n- &b {x: 2, z: 2}\n- {<<: [*a, *b]}", [{"x": 1}, {"x": 2, "z": 2}, {"x": 1, "z": 2}]),
        ("- &a {x: 1}\n- &b {<<: *a, z: 2}\n- {<<: *b}", [{"x": 1}, {"x": 1, "z": 2}, {"x": 1, "z": 2}]),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("'<<': 1", {"<<": 1}),
        ("{a: 1, }", {"a": 1}),
        ("a: !!str 1", {"a": "1"}),
        ("a: !!int '1'", {"a": 1}),
        ("a: !!binary aGk=", {"a": "aGk="}),
        ("a: 'yes'", {"a": "yes"}),
        ("yes: 1\n0x10: 2\n1.5: 3\n'0x10': 4", {"true": 1, "16": 2, "1.5": 3, "0x10": 4}),
    ],
)
def test_anchors_merges_tags_and_keys(text, expected):
    assert value(text) == expected


def test_a_tag_of_another_tool_is_unknown():
    assert value("a: !vault secret")["a"] == Unknown("the tag !vault is not one of YAML's own")


def test_json_is_read_as_json():
    text = '{\n\t"a": "\\ud83d\\ude00 \\/ \\ud83d \\\\ud83d",\t"b": "\u2028\x7f",\n\t"c": [1e3, -0.5, true, null]\n}'
    assert value(text) == {
        "a": "\N{GRINNING FACE} / \N{REPLACEMENT CHARACTER} \\ud83d",
        "b": "\u2028\x7f",
        "c": [1000.0, -0.5, True, None],
    }
    assert written(text, "b") == '"b": "\u2028\x7f"'
    assert written(text, "c", 1) == "-0.5"


def test_lines_are_those_of_an_editor_whatever_yaml_counts():
    text = 'a: "x\u2028y"\nb: 1\r\nc: "\x85"\nd: {e: 1}\n'
    assert written(text, "b") == "b: 1"
    assert written(text, "d", "e") == "e: 1"


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "the key 'a' stands here for the second time", 3, 1),
        ("a: {b: 1, b: 2}", "the key 'b' stands here for the second time", 1, 11),
        ("a:\n\t- b", "cannot start any token", 2, 1),
        ("a: &a [*a]", "the anchor 'a' stands inside of itself", 1, 8),
        ("a: *b", "the anchor 'b' is not there before it is used", 1, 4),
        ("x: {{ .Values.x }}", "a key must be a word", 1, 5),
        ("? [a]\n: b", "a key must be a word", 1, 3),
        ("a: 1\n<<: 2", "only mappings can be merged", 2, 5),
        ("a: {b: 1", "did not find expected ',' or '}'", 1, 9),
        ("a: \x01", "a character that YAML does not allow", 1, 1),
        ("a: b: c", "mapping values are not allowed", 1, 5),
        ("[" * 600 + "]" * 600, f"nested deeper than {MAX_DEPTH} levels", 1, MAX_DEPTH + 1),
        ("- " * 5000, f"nested deeper than {MAX_DEPTH} levels", 1, 2 * MAX_DEPTH + 1),
    ],
)
def test_what_cannot_be_read_says_why_and_where(text, said, line, column):
    message, *place = problem(text)
    assert said in message
    assert place == [line, column]


def test_one_document_that_cannot_be_read_hides_no_other():
    found = list(documents("a: 1\n---\nb: [\n---\nc: 3\n---\nd: 1\nd: 2\n---\ne: 5\n"))
    assert [d.value if isinstance(d, Document) else d.line for d in found] == [{"a": 1}, 3, {"c": 3}, 8, {"e": 5}]


def test_a_bomb_is_refused_before_anybody_walks_through_it():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    message, line, _ = problem("\n".join(lines))
    assert f"more than {MAX_REPEATED:,} values" in message
    assert line < 10


def test_aliases_share_what_they_stand_for():
    found = value("a: &x {deep: [1]}\nb: *x\n")
    assert found["a"] is found["b"]


def test_a_list_of_many_objects_is_no_bomb():
    assert len(value("items:\n" + "- {a: [1, 2, 3]}\n" * 60_000)["items"]) == 60_000


PIECES = (
    "a: ", "b: ", "- ", "&x ", "*x", "<<: *x", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", '"q"', "'s'",
    "|\n  t\n", ">-\n  u\n", "1", "0x1f", "true", "~", "# c\n", "---\n", "...\n", "!t ", "!!str ", "\t", "é", "\u2028",
    "\r\n", "\r", "{{ x }}", "? ", "%Y\n", "k", "\\u", '"\\ud83d\\ude00"', ": ", "\x00", "\x7f",
)  # fmt: skip


def all_spans(document: Document, inner: Any, path: tuple[str | int, ...] = ()) -> list[Span]:
    """The span of every entry at any depth."""
    found = [document.spans.find(document.value, path)] if path else [document.spans.whole]
    steps = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
    for step, deeper in steps:
        found += all_spans(document, deeper, (*path, step))
    return found


def holds(text: str) -> None:
    """Nothing is raised, and every place lies inside of the text."""
    lines = text.split("\n")

    def inside(line: int, column: int) -> bool:
        return 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1

    for found in documents(text):
        if isinstance(found, YamlError):
            assert inside(found.line, found.column), (found.message, found.line, found.column)
            continue
        assert 1 <= found.first <= found.last <= len(lines)
        for span in all_spans(found, found.value):
            assert inside(span.line, span.column), span
            assert inside(span.end_line, span.end_column), span
            assert (span.line, span.column) <= (span.end_line, span.end_column), span


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_ends_in_values_or_problems_inside_of_it(text):
    holds(text)


@pytest.mark.heavy
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text(max_size=80)))
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_at_length(text):
    holds(text)
