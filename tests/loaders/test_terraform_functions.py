"""Terraform's functions where the real binary cannot judge them: undecided parts, hostile input, cost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.table import SUBJECTS, function_named
from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import ListValue, MapValue, Partial, Reference, Sensitive, SetValue, Unknown, join, plain

ARN = Reference("aws_s3_bucket.a", ("arn",))
NAME = Reference("aws_s3_bucket.a", ("bucket",))
WHY = Unknown("variable x has no value")
PATH = Partial((ARN, "/*"))


def call(name: str, *arguments: Any) -> Any:
    if name == "jsonencode_and_decode":
        return call("jsondecode", call("jsonencode", *arguments))
    function = function_named(name)
    assert function is not None
    return function.call(*arguments)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_function_stands_where_the_table_says(subject):
    functions = import_module(f"phiward.loaders.terraform.functions.{subject}").FUNCTIONS
    assert sorted(functions) == sorted(SUBJECTS[subject].split())
    assert all(function_named(name) is function for name, function in functions.items())


# -- what is known is kept


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("concat", (["a", WHY], [ARN]), ["a", WHY, ARN]),
        ("concat", (["a"], WHY), OpenList(["a", WHY])),
        ("concat", (WHY, []), WHY),
        ("merge", ({"a": 1, "b": WHY}, {"a": ARN}), {"a": ARN, "b": WHY}),
        ("merge", ({"a": 1}, WHY), WHY),
        ("flatten", ([["a", [PATH]], []],), ["a", PATH]),
        ("keys", ({"b": WHY, "a": 1},), ["a", "b"]),
        ("values", ({"b": WHY, "a": 1},), [1, WHY]),
        ("values", (WHY,), WHY),
        ("lookup", ({"a": WHY, "b": 1}, "b", 2), 1),
        ("lookup", ({"a": WHY}, "a", 2), WHY),
        ("lookup", ({"a": 1}, "c", ARN), ARN),
        ("lookup", (WHY, "c", 1), WHY),
        ("element", ([WHY, "b"], 1), "b"),
        ("element", (OpenList(["a", WHY]), 0), "a"),
        ("element", (OpenList(["a", WHY]), 1), WHY),
        ("coalesce", (None, "", ARN), ARN),
        ("coalesce", (None, WHY, "x"), WHY),
        ("coalesce", ("a", WHY), "a"),
        ("coalesce", (PATH, "x"), PATH),
        ("coalescelist", ([], [WHY]), [WHY]),
        ("coalescelist", (WHY, ["a"]), WHY),
        ("compact", (["", "a", None, PATH],), ListValue(["a", PATH])),
        ("compact", (["", WHY],), OpenList([WHY])),
        ("distinct", (["a", "a"],), ListValue(["a"])),
        ("distinct", ([ARN, ARN],), ListValue([ARN])),
        ("distinct", (["a", WHY],), OpenList(["a", WHY])),
        ("length", ([WHY, ARN],), 2),
        ("length", (OpenList(["a", WHY]),), WHY),
        ("length", (SetValue(["a", WHY]),), WHY),
        ("length", ({"a": WHY},), 1),
        ("zipmap", (["a", "b"], [WHY, 1]), {"a": WHY, "b": 1}),
        ("zipmap", (["a", WHY], [1, 2]), WHY),
        ("slice", ([WHY, "b", "c"], 1, 2), ["b"]),
        ("slice", (OpenList(["a", WHY]), 0, 1), ["a"]),
        ("slice", (OpenList(["a", WHY]), 0, 2), WHY),
        ("reverse", ([WHY, "b"],), ["b", WHY]),
        ("reverse", (OpenList(["a", WHY, "b"]),), OpenList([WHY, "b", "a"])),
        ("contains", ([WHY, "b"], "b"), True),
        ("contains", ([WHY, "b"], "c"), WHY),
        ("contains", ([PATH], "*"), False),
        ("contains", ([Partial((WHY, "/*"))], "x/*"), WHY),
        ("contains", ([Partial(("arn:", ARN))], "*"), False),
        ("index", (["a", WHY, "b"], "a"), 0),
        ("index", (["a", WHY, "b"], "b"), WHY),
        ("one", ([WHY],), WHY),
        ("one", (OpenList([WHY]),), WHY),
        ("alltrue", ([WHY, False],), False),
        ("alltrue", ([WHY, True],), WHY),
        ("anytrue", ([WHY, True],), True),
        ("anytrue", ([WHY, False],), WHY),
        ("chunklist", ([WHY, "b", "c"], 2), ListValue([[WHY, "b"], ["c"]])),
        ("toset", (["b", WHY, "a", "b"],), SetValue(["a", "b", WHY])),
        ("tolist", ([WHY, 1, "a"],), ListValue([WHY, "1", "a"])),
        ("tolist", (SetValue(["a", WHY]),), WHY),
        ("tomap", ({"a": WHY, "b": 1},), MapValue({"a": WHY, "b": 1})),
        ("setunion", (["b"], ["a", ARN]), SetValue(["a", "b", ARN])),
        ("setunion", (["b"], WHY), SetValue(["b", WHY])),
        ("setsubtract", (["a", "b"], [Partial(("x", WHY))]), SetValue(["a", "b"])),
        ("setsubtract", (["a", "b"], [WHY]), WHY),
        ("setintersection", (["a"], [WHY]), WHY),
        ("setproduct", (["a"], [WHY]), ListValue([["a", WHY]])),
        ("join", ("/", ["a", ARN, "b"]), Partial(("a/", ARN, "/b"))),
        ("join", (",", OpenList(["a", WHY, "b"])), Partial(("a", WHY))),
        ("format", ("%s/*", ARN), PATH),
        ("format", ("%s-%d", "a", WHY), Partial(("a-", WHY))),
        ("format", ("%v", [WHY]), Partial(("[", WHY, "]"))),
        ("formatlist", ("%s/*", ["a", ARN]), ListValue(["a/*", PATH])),
        ("formatlist", ("%s-%s", ["a"], WHY), WHY),
        ("lower", (Partial(("ARN:", WHY)),), Partial(("arn:", WHY))),
        ("trimprefix", (Partial(("arn:x", WHY)), "arn:"), Partial(("x", WHY))),
        ("trimprefix", (Partial((WHY, "x")), ""), Partial((WHY, "x"))),
        ("trimsuffix", (PATH, "/*"), ARN),
        ("trimsuffix", (PATH, "x"), PATH),
        ("trimspace", (Partial((" a", WHY, "b ")),), Partial(("a", WHY, "b"))),
        ("chomp", (Partial((WHY, "x\n")),), Partial((WHY, "x"))),
        ("startswith", (Partial(("arn:", ARN)), "arn"), True),
        ("startswith", (Partial(("arn:", WHY)), "arn:aws"), WHY),
        ("endswith", (PATH, "x"), False),
        ("strcontains", (PATH, "*"), True),
        ("replace", (Partial(("a_", WHY)), "_", "-"), Partial(("a-", WHY))),
        ("replace", ("<it>/*", "<it>", ARN), PATH),
        ("replace", ("x <it> <it>", "<it>", WHY), Partial(("x ", WHY, " ", WHY))),
        ("replace", ("nothing", "<it>", WHY), "nothing"),
        ("replace", (Partial(("<it> ", WHY, " <it>")), "<it>", "x"), Partial(("x ", WHY, " x"))),
        ("replace", (Partial(("<it> ", WHY)), "<it>", ARN), Partial((ARN, " ", WHY))),
        ("replace", (Partial(("abab", WHY)), "aba", "x"), Partial(("xb", WHY))),
        ("replace", (Partial(("<i", WHY)), "<it>", "x"), WHY),
        ("replace", (Partial((WHY, "t>")), "<it>", "x"), WHY),
        ("replace", (Partial((WHY, "it", WHY)), "<it>", "x"), WHY),
        ("replace", ("ab", "/b/", WHY), WHY),
        ("replace", ("ab", WHY, "x"), WHY),
        ("element", ([0.5], -3), 0.5),
        ("element", (["a", "b"], -2), "a"),
        ("tostring", (ARN,), ARN),
        ("tonumber", (WHY,), WHY),
        ("jsonencode", (WHY,), WHY),
        ("jsonencode", ({"b": ARN, "a": PATH},), Partial(('{"a":"', ARN, '/*","b":', ARN, "}"))),
    ],
)
def test_what_is_known_is_kept(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    result = call(name, *arguments)
    assert result == expected
    assert type(result) is type(expected)


def test_a_negative_index_counts_back_from_the_end_of_a_list_only() -> None:
    assert call("element", ListValue([1, 2, 3]), -1) == 3
    with pytest.raises(FunctionError, match="negative index on a tuple"):
        call("element", [1, 2, 3], -1)


def test_pieces_of_a_string_keep_the_mark_of_secrets() -> None:
    assert type(join(["a", Sensitive("b")])) is Sensitive
    assert type(join([Sensitive("")])) is Sensitive
    mixed = join(["a", ARN, Partial((WHY, Sensitive("b")))])
    assert mixed == Partial(("a", ARN, WHY, "b"))
    assert [type(part) for part in mixed.parts] == [Sensitive, Reference, Unknown, Sensitive]


def test_a_reference_that_may_be_null_is_not_chosen() -> None:
    assert isinstance(call("coalesce", NAME, "x"), Unknown)


def test_reasons_survive() -> None:
    assert call("join", ",", WHY) == WHY
    assert str(ARN) in call("length", ARN).reason


def test_sensitive_strings() -> None:
    marked = call("sensitive", {"a": ["x", 1]})
    assert isinstance(marked["a"][0], Sensitive)
    assert not isinstance(call("nonsensitive", marked)["a"][0], Sensitive)
    assert call("issensitive", Sensitive("x")) is True
    assert isinstance(call("issensitive", ["x"]), Unknown)


@pytest.mark.parametrize(
    ("name", "arguments"), [("timestamp", ()), ("plantimestamp", ()), ("uuid", ()), ("bcrypt", ("x",))]
)
def test_what_changes_from_run_to_run_is_unknown(name: str, arguments: tuple[Any, ...]) -> None:
    assert isinstance(call(name, *arguments), Unknown)


# -- an undecided part may turn out to be anything, and the answer must have allowed for it

TEXTS = st.text(alphabet="ab/-", max_size=3)
LISTS = st.lists(TEXTS, max_size=4)


def covers(answer: Any, truth: Any) -> bool:
    """Whether `truth` is one of the values that the answer leaves open."""
    if isinstance(answer, (Unknown, Reference)):
        return True
    if isinstance(answer, Partial):
        return isinstance(truth, str) and matches(answer.parts, truth)
    if isinstance(answer, SetValue) and not plain(answer):
        return all(item in truth for item in answer if plain(item))
    if isinstance(answer, list):
        return isinstance(truth, list) and covers_list(list(answer), truth, isinstance(answer, OpenList))
    if isinstance(answer, dict):
        return answer.keys() == truth.keys() and all(covers(answer[key], truth[key]) for key in answer)
    return type(answer) is type(truth) and answer == truth


def covers_list(answer: list[Any], truth: list[Any], is_open: bool) -> bool:
    """Up to the first undecided element of an open list, everything has its place; from there on, it is in the list."""
    if not is_open:
        return len(answer) == len(truth) and all(map(covers, answer, truth))
    placed = next(index for index, item in enumerate(answer) if not plain(item))
    rest = [item for item in answer[placed:] if plain(item)]
    return answer[:placed] == truth[:placed] and all(item in truth[placed:] for item in rest)


def matches(parts: tuple[Any, ...], text: str) -> bool:
    if not parts:
        return not text
    if isinstance(parts[0], str):
        return text.startswith(parts[0]) and matches(parts[1:], text[len(parts[0]) :])
    return any(matches(parts[1:], text[taken:]) for taken in range(len(text) + 1))


@st.composite
def half_known_text(draw: st.DrawFn) -> tuple[Any, str]:
    pieces = draw(st.lists(st.tuples(TEXTS, st.booleans()), max_size=3))
    return join([WHY if hidden else text for text, hidden in pieces]), "".join(text for text, _ in pieces)


@st.composite
def half_known_list(draw: st.DrawFn) -> tuple[Any, list[str]]:
    truth, known, is_open = [], [], draw(st.booleans())
    for _ in range(draw(st.integers(0, 4))):
        if is_open and draw(st.booleans()):
            known.append(WHY)
            truth += draw(LISTS)
        else:
            partial, text = draw(half_known_text())
            # In an open list, only what is wholly unknown stands for several.
            if is_open and isinstance(partial, Unknown):
                partial = text
            known.append(partial)
            truth.append(text)
    return (OpenList(known) if is_open and not plain(known) else known), truth


def outcome(name: str, arguments: list[Any]) -> Any:
    try:
        return call(name, *arguments)
    except FunctionError:
        return None


def check(name: str, pairs: list[tuple[Any, Any]]) -> None:
    try:
        answer = call(name, *(known for known, _ in pairs))
    except FunctionError:
        # A refusal must be certain: the decided values are refused, too.
        with pytest.raises(FunctionError):
            call(name, *(truth for _, truth in pairs))
        return
    truth = outcome(name, [truth for _, truth in pairs])
    assert truth is None or covers(answer, truth), (answer, truth)


OF_TEXT = ["lower", "upper", "chomp", "trimspace", "jsonencode", "tostring", "length"]
OF_TWO_TEXTS = ["trimprefix", "trimsuffix", "startswith", "endswith", "strcontains"]
OF_A_LIST = [
    "jsonencode_and_decode",
    "compact",
    "distinct",
    "flatten",
    "length",
    "reverse",
    "toset",
    "tolist",
    "one",
    "jsonencode",
]
OF_TWO_LISTS = ["concat", "setunion", "setintersection", "setsubtract", "coalescelist", "setproduct", "zipmap"]


@settings(max_examples=50, deadline=None)
@given(st.data())
@pytest.mark.parametrize("name", OF_TEXT + OF_TWO_TEXTS)
def test_texts_of_which_pieces_are_unknown(name: str, data: st.DataObject) -> None:
    pairs = [data.draw(half_known_text())]
    if name in OF_TWO_TEXTS:
        text = data.draw(TEXTS)
        pairs.append((text, text))
    check(name, pairs)


@settings(max_examples=50, deadline=None)
@given(st.data())
@pytest.mark.parametrize("name", OF_A_LIST + OF_TWO_LISTS)
def test_lists_of_which_elements_are_unknown(name: str, data: st.DataObject) -> None:
    check(name, [data.draw(half_known_list()) for _ in range(1 + (name in OF_TWO_LISTS))])


@settings(max_examples=50, deadline=None)
@given(st.data())
@pytest.mark.parametrize(
    "name", ["contains", "index", "element", "join", "coalesce", "replace", "format", "formatlist", "slice"]
)
def test_mixed_arguments_of_which_some_are_unknown(name: str, data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    number = data.draw(st.integers(0, 3))
    items = data.draw(half_known_list())
    half = data.draw(half_known_text())
    pairs: dict[str, list[tuple[Any, Any]]] = {
        "contains": [items, half],
        "index": [items, half],
        "element": [items, (number, number)],
        "join": [(text, text), items, data.draw(half_known_list())],
        "coalesce": [half, data.draw(half_known_text()), ("x", "x")],
        "replace": [
            half,
            data.draw(st.sampled_from([("a", "a"), ("ab", "ab"), ("aa", "aa")])),
            data.draw(half_known_text()),
        ],
        "format": [("%s-%q-%5s", "%s-%q-%5s"), half, half, half],
        "formatlist": [("%s/%s", "%s/%s"), items, half],
        "slice": [items, (0, 0), (number, number)],
    }
    check(name, pairs[name])


# -- JSON with holes


def test_json_with_holes_comes_back() -> None:
    value = {"a": [ARN, {"b": PATH, "c": None, "d": 1.5}], 'q"<é': Partial(('x"\n', WHY, "\\"))}
    assert call("jsondecode", call("jsonencode", value)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (Partial(('{"Principal": "*", "Resource": "', ARN, '/*"}')), {"Principal": "*", "Resource": PATH}),
        (Partial(("[1, ", WHY, "]")), [1, WHY]),
        (Partial(('{"a": "\\"', WHY, '\\\\", "b": 2}')), {"a": Partial(('"', WHY, "\\")), "b": 2}),
        (Partial(('"\ue000', WHY, '"')), Partial(("\ue000", WHY))),
        (Partial(('"\\ue000', WHY, '"')), Partial(("\ue000", WHY))),
        (Partial(("  ", WHY, "\n")), WHY),
        (Partial(('[{"a": 1} ', WHY, ' "b"]')), [{"a": 1}, WHY, "b"]),
        (Partial(("[", WHY, WHY, "]")), [WHY, WHY]),
    ],
)
def test_holes_stand_where_they_stood(text: Partial, expected: Any) -> None:
    assert parse(text) == expected


def test_a_gap_in_a_list_comes_back_as_a_gap() -> None:
    text = call("jsonencode", OpenList(["a", WHY, "b"]))
    assert text == Partial(('["a"', WHY, '"b"]'))
    assert isinstance(call("jsondecode", text), OpenList)
    assert isinstance(call("length", call("jsondecode", text)), Unknown)
    assert call("contains", call("jsondecode", call("jsonencode", SetValue(["a", "b", WHY]))), "a") is True


def test_an_object_with_an_unknown_key_is_unknown_as_a_whole() -> None:
    value = parse(Partial(('{"StringEquals": {"', ARN, ':sub": "x"}, "Bool": {}}')))
    assert isinstance(value["StringEquals"], Unknown)
    assert value["Bool"] == {}


@pytest.mark.parametrize(
    "parts",
    [
        ("[", WHY, ARN, "]"),
        ("[1", WHY, "]"),
        ('{"a": 1 ', WHY, "}"),
        ('"a"', WHY),
        ("1", WHY),
        ('"\\', WHY, '"'),
        ("{", WHY, "}"),
        ('{"a" ', WHY, "}"),
        ("[tru", WHY, "]"),
    ],
)
def test_holes_that_leave_the_structure_open_are_refused(parts: tuple[Any, ...]) -> None:
    with pytest.raises(JsonError):
        parse(Partial(parts))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(JsonError, match="deep"):
        parse(opening * 200 + "1" + {"[": "]", '{"a":': "}"}[opening] * 200)
    with pytest.raises(JsonError):
        parse(opening * 100_000)


# -- hostile input

HOSTILE = [
    ("range", (0, 10**12)),
    ("range", (0, 1, 1e-9)),
    ("pow", (10, 10**9)),
    ("pow", (10**400, 2)),
    ("format", ("%1000000000d", 1)),
    ("format", ("%.1000000000f", 1)),
    ("tonumber", ("1e999999999",)),
    ("tonumber", ("9" * 100_000,)),
    ("setproduct", tuple([list(range(100))] * 5)),
    ("regex", ("(a|a)*$", "a" * 5000 + "b")),
    ("regex", ("(.*)*(.*)*(.*)*x", "a" * 20_000)),
    ("regex", ("((a{100}){100}){100}", "a")),
    ("regex", ("(" * 5000, "a")),
    ("replace", ("a" * 100_000, "a", "b" * 100_000)),
    ("join", ("x" * 10_000, ["a"] * 100_000)),
    ("indent", (10**9, "a\n" * 10)),
    (
        "yamldecode",
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
        ),
    ),
    ("yamldecode", ("[" * 50_000,)),
    ("jsondecode", ("[" * 50_000,)),
    ("parseint", ("z" * 100_000, 36)),
    ("timeadd", ("2020-01-01T00:00:00Z", "1h" * 100_000)),
    ("cidrsubnets", ("10.0.0.0/8", *[24] * 100_000)),
]


@pytest.mark.parametrize(("name", "arguments"), HOSTILE)
def test_hostile_arguments_end_soon(name: str, arguments: tuple[Any, ...]) -> None:
    start = time.monotonic()
    with contextlib.suppress(FunctionError):
        assert len(str(call(name, *arguments))) < 20_000_000
    assert time.monotonic() - start < 15


def test_what_we_cannot_give_exactly_is_unknown_and_no_refusal() -> None:
    # A refusal would send `try` to its next argument, where Terraform has a value.
    assert isinstance(call("tostring", 1 / 3), Unknown)
    assert isinstance(call("regex", "\\p{Greek}", "\u03b1"), Unknown)


# -- cost


def test_importing_the_functions_imports_nothing_heavy() -> None:
    script = (
        "import sys, phiward.loaders.terraform.functions;"
        "print([m for m in ('json', 'yaml', 'hashlib', 'ipaddress', 'csv', 'uuid', 'urllib.parse', 'unicodedata')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class _Files:
    def read_text(self, path: str) -> str:
        return {"a.json": "héllo"}[path]

    def read_bytes(self, path: str) -> bytes:
        return {"a.json": "héllo".encode(), "a.zip": b"PK\xff\0"}[path]

    def exists(self, path: str) -> bool:
        return path == "a.json"

    def glob(self, directory: str, pattern: str) -> list[str]:
        return [f"{directory}-{pattern}", "a"]


def test_functions_of_files() -> None:
    assert call("file", _Files(), "a.json") == "héllo"
    assert call("filebase64", _Files(), "a.json") == call("base64encode", "héllo")
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        assert call(f"file{algorithm}", _Files(), "a.json") == call(algorithm, "héllo")
    assert call("filebase64sha256", _Files(), "a.json") == call("base64sha256", "héllo")
    assert call("filebase64", _Files(), "a.zip") == "UEv/AA=="
    assert call("filemd5", _Files(), "a.zip") == "0bdc2881c8c4ceac738ac1a6adb9c620"
    assert call("fileexists", _Files(), "b") is False
    assert call("fileset", _Files(), "d", "*") == SetValue(["a", "d-*"])
