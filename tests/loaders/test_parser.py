"""HCL text -> syntax tree: exact spans, every form of expression, and errors that say where."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.loaders.terraform.expressions import MAX_OPERATORS
from phiward.loaders.terraform.lexical import MAX_DEPTH, HclSyntaxError
from phiward.loaders.terraform.parser import parse, parse_expression
from phiward.loaders.terraform.syntax import (
    Binary,
    Block,
    Call,
    Conditional,
    ForObject,
    ForTuple,
    Index,
    Literal,
    ObjectNode,
    SourceFile,
    Splat,
    Template,
    Traversal,
    TupleNode,
)


@pytest.fixture(autouse=True)
def _deep_enough() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))  # as the pipeline does
    yield
    sys.setrecursionlimit(before)


def file(text: str) -> SourceFile:
    return parse(text, "main.tf")


def attribute(text: str, name: str = "a") -> object:
    value = file(text).body.attributes[name].value
    return value.value if isinstance(value, Literal) else value


def error(text: str) -> tuple[int, int, str]:
    with pytest.raises(HclSyntaxError) as caught:
        file(text)
    span = SourceFile("main.tf", text, file("").body).span(caught.value.offset, caught.value.offset + 1)
    return span.line, span.column, caught.value.message


# -- spans


def test_spans_of_blocks_and_arguments_are_exact() -> None:
    parsed = file('\nresource "aws_s3_bucket" "logs" {\n  bucket = "b"\n  tags   = { a = 1 }\n}\n')
    (block,) = parsed.body.blocks
    assert parsed.span(block.start, block.header_end) == (2, 1, 2, 32)
    assert parsed.span(block.start, block.end) == (2, 1, 5, 2)
    bucket, tags = block.body.attributes.values()
    assert parsed.span(bucket.start, bucket.end) == (3, 3, 3, 15)
    assert parsed.span(bucket.value.start, bucket.value.end) == (3, 12, 3, 15)
    assert parsed.span(tags.start, tags.end) == (4, 3, 4, 21)
    ((_, one),) = tags.value.items
    assert parsed.span(one.start, one.end) == (4, 18, 4, 19)


def test_columns_count_code_points() -> None:
    parsed = file('a = ["é", "日本", "😀", x]\n')
    items = parsed.body.attributes["a"].value.items
    assert [parsed.span(i.start, i.end)[1::2] for i in items] == [(6, 9), (11, 15), (17, 20), (22, 23)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_count_the_same_with_either_line_ending(newline: str) -> None:
    parsed = file(newline.join(["a = 1", "b {", "  # c", '  x = "y"', "}", ""]))
    inner = parsed.body.blocks[0].body.attributes["x"]
    assert parsed.span(inner.start, inner.end) == (4, 3, 4, 10)
    assert parsed.body.attributes["a"].value.value == 1


def test_the_lines_of_a_heredoc_keep_their_carriage_returns() -> None:
    assert evaluate_text("<<E\r\nx\r\ny\r\nE\r\n") == "x\r\ny\r\n"  # as Terraform 1.11 has it
    assert evaluate_text("<<-E\r\n  x\r\n    y\r\n  E\r\n") == "x\r\n  y\r\n"


def test_a_byte_order_mark_is_no_text() -> None:
    assert attribute("\ufeffa = 1\n") == 1


def test_multi_line_values_end_where_they_end() -> None:
    parsed = file("a = [\n  1,\n  2,\n]\nb = <<E\nx\nE\nc = 3\n")
    a, b, c = parsed.body.attributes.values()
    assert parsed.span(a.start, a.end) == (1, 1, 4, 2)
    assert parsed.span(b.start, b.end)[:3] == (5, 1, 7)
    assert parsed.span(c.start, c.end) == (8, 1, 8, 6)


@pytest.mark.parametrize("value", ["1", '"x"', "true", "null", "a.b", "-5"])
@pytest.mark.parametrize("after", ["", " ", " # c", " // c", " /* c */"])
def test_the_short_way_for_simple_lines_gives_the_same_spans_as_the_long_one(value: str, after: str) -> None:
    short = file(f"name = {value}{after}\n").body.attributes["name"]
    long = file(f"name /**/ = {value}{after}\n").body.attributes["name"]
    assert (short.end - short.value.start) == (long.end - long.value.start) == len(value)
    assert type(short.value) is type(long.value)


# -- comments and new lines


def test_comments_may_stand_anywhere() -> None:
    text = '# 1\n// 2\n/* 3 */ b /* 4 */ "l" /* 5 */ { # 6\n  /* 7 */ a /* 8 */ = /* 9 */ [ # 10\n    1, // 11\n'
    text += "    /* 12 */ 2 /* 13\n 13 */\n    # 14\n  ] # 15\n  o = { # 16\n    x = 1 # 17\n    // 18\n  }\n} # 19"
    (block,) = file(text).body.blocks
    assert [i.value for i in block.body.attributes["a"].value.items] == [1, 2]
    assert block.labels == ("l",)


def test_a_hash_inside_of_a_string_is_text() -> None:
    assert attribute('a = "x # y // z /* w */" # c\n') == "x # y // z /* w */"


def test_new_lines_end_a_value_outside_of_brackets_only() -> None:
    assert isinstance(attribute("a = (1\n  + 2)\n"), Binary)
    assert isinstance(attribute("a = [x ?\n 1\n : 2]\n"), TupleNode)
    assert isinstance(attribute("a = f(\n  1\n  ,\n  2\n)\n"), Call)
    assert attribute("a = [x\n  .y\n  [0]]\n").items[0].steps == ("y", 0)
    assert error("a = 1\n  + 2\n")[:2] == (2, 3)
    assert error("a = x\n  ? 1 : 2\n")[:2] == (2, 3)


def test_the_value_of_an_item_ends_with_its_line_inside_of_an_object() -> None:
    node = attribute("a = {\n  x = 1\n  y = 2, z = 3\n  w = (1\n + 2)\n}\n")
    assert isinstance(node, ObjectNode)
    assert [key.value for key, _ in node.items] == ["x", "y", "z", "w"]
    assert error("a = {\n  x = 1\n    + 2\n}\n")[0] == 3


# -- strings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\t\r\"\\b"', 'a\n\t\r"\\b'),
        (r'"\u00e9\U0001F600"', "é😀"),
        ('"$${x} %%{y}"', "${x} %{y}"),
        ('"$ % $x 100% $$ %%"', "$ % $x 100% $$ %%"),
        ('""', ""),
        ('"e\\u0301"', "é"),
        ("<<E\na\n  b\nE\n", "a\n  b\n"),
        ("<<E\nE\n", ""),
        ("<<-E\n    a\n      b\n\n    c\n  E\n", "a\n  b\n\nc\n"),
        ("<<-E\n\ta\n\t\tb\nE\n", "a\n\tb\n"),
        ('<<E\n"q" \\n $${x}\nE\n', '"q" \\n ${x}\n'),
        ("<<E-F\nE\nE-F\n", "E\n"),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert evaluate_text(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a${1 + 1}b"', "a2b"),
        ('"${"${"x"}"}"', "x"),
        ('"${{ a = "}" }.a}"', "}"),
        ('"%{if true}y%{else}n%{endif}"', "y"),
        ('"%{if false}y%{endif}"', ""),
        ('"%{for x in [1, 2]}${x};%{endfor}"', "1;2;"),
        ('"%{for k, v in {a = 1}}${k}${v}%{endfor}"', "a1"),
        ('"a ${~ "b" ~} c"', "abc"),
        ('"a %{~ if true ~} b %{~ endif ~} c"', "abc"),
        ("<<-E\n  %{ for x in [1, 2] ~}\n  n${x}\n  %{ endfor ~}\n  z\nE\n", "  n1\n  n2\n  z\n"),
        ('"${1}"', 1),
        ('"${[1]}"', [1]),
    ],
)
def test_templates(text: str, value: object) -> None:
    assert evaluate_text(text) == value


# -- expressions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("-2 + 3", 1),
        ("- -2", 2),
        ("!true || true", True),
        ("1 + 1 == 2 && 3 > 2", True),
        ("true || false && false", True),
        ("1 < 2 == true", True),
        ("true ? false ? 1 : 2 : 3", 2),
        ("false ? 1 : true ? 2 : 3", 2),
        ("1e3", 1000),
        ("2.50", 2.5),
        ("7 % 4", 3),
    ],
)
def test_precedence(text: str, value: object) -> None:
    assert evaluate_text(text) == value


def test_nested_conditionals_lean_to_the_right() -> None:
    node = parse_expression("a ? b : c ? d : e")
    assert isinstance(node, Conditional)
    assert isinstance(node.otherwise, Conditional)


def test_traversals_keep_names_indexes_and_expressions_apart() -> None:
    node = parse_expression('a.b[0].c["d"].0[e.f]')
    assert isinstance(node, Traversal)
    assert node.root == "a"
    assert node.steps[:5] == ("b", 0, "c", "d", 0)
    assert isinstance(node.steps[5], Traversal)


def test_steps_into_other_values() -> None:
    node = parse_expression("f(x)[0].a")
    assert isinstance(node, Index)
    assert node.steps == (0, "a")
    assert isinstance(parse_expression("(a).b"), Index)


def test_for_expressions() -> None:
    one = parse_expression("[for x in y : x if x != null]")
    assert isinstance(one, ForTuple)
    assert (one.key, one.value) == (None, "x")
    assert one.condition is not None
    two = parse_expression("{for k, v in y : k => v...}")
    assert isinstance(two, ForObject)
    assert (two.key, two.value, two.group) == ("k", "v", True)


def test_a_name_that_only_starts_with_for_is_a_name() -> None:
    assert isinstance(parse_expression("[format]"), TupleNode)
    assert isinstance(parse_expression("{fortune = 1}"), ObjectNode)


def test_full_splats_take_everything_that_follows_and_legacy_ones_only_attributes() -> None:
    full = parse_expression("a.b[*].c[0].d")
    assert isinstance(full, Splat)
    assert full.each.steps == ("c", 0, "d")
    legacy = parse_expression("a.b.*.c[0].d")
    assert isinstance(legacy, Index)
    assert legacy.steps == (0, "d")
    assert isinstance(legacy.target, Splat)
    assert legacy.target.each.steps == ("c",)


def test_keys_of_objects() -> None:
    node = parse_expression('{a = 1, "b" = 2, (c) = 3, "${d}x" = 4, true = 5, null = 6, e : 7}')
    keys = [key for key, _ in node.items]
    assert [k.value for k in keys if isinstance(k, Literal)] == ["a", "b", "true", "null", "e"]
    assert isinstance(keys[2], Index)
    assert isinstance(keys[3], Template)


def test_calls() -> None:
    node = parse_expression("provider::aws::arn_parse(x, y...)")
    assert isinstance(node, Call)
    assert (node.name, len(node.arguments), node.expand) == ("provider::aws::arn_parse", 2, True)


def test_dashes_are_part_of_names() -> None:
    node = parse_expression("a-b.c-d - e")
    assert isinstance(node, Binary)
    assert node.left.root == "a-b"


# -- errors


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('a = 1\nb = "x\nc = 2\n', 2, 5, "string is not closed"),
        ('a = "x', 1, 5, "string is not closed"),
        ("b {\n  a = 1\n", 3, 1, "block is not closed"),
        ("a = <<E\nx\n", 1, 5, "heredoc is not closed"),
        ("a = [1, 2\nb = 3\n", 2, 1, "expected ',' or ']'"),
        ("a = { x = 1\n", 2, 1, "the end of the file"),
        ("a = { x = 1", 1, 12, "not closed"),
        ("a = f(1 2)\n", 1, 9, "expected ',' or ')'"),
        ("a = 1\nb = 2\na = 3\n", 3, 1, "set twice"),
        ("a = 1 b = 2\n", 1, 7, "expected a new line"),
        ("a =\n", 1, 4, "expected a value"),
        ("a 1\n", 1, 3, "expected '='"),
        ("}\n", 1, 1, "expected an argument or a block"),
        ('a = "\\q"\n', 1, 6, "unknown escape"),
        ('a = "\\U00110000"\n', 1, 6, "not a Unicode code point"),
        ('a = "%{if x}y"\n', 1, 6, "not closed"),
        ('a = "%{endif}"\n', 1, 6, "without its opening"),
        ("a = x ? 1\n", 1, 10, "expected ':'"),
        ("a = [for x, y, z in w : x]\n", 1, 18, "one or two names"),
        ("é = 'x'\n", 1, 5, "expected a value"),
        ("b {\n  a = 1 }\n", 2, 9, "expected a new line after the value"),
        ("b { a = 1\n}\n", 1, 10, "holds one argument and ends in that line"),
        ("b { a = 1, c = 2 }\n", 1, 10, "holds one argument and ends in that line"),
        ("b { c {} }\n", 1, 5, "holds one argument and no block"),
        ("b { 1 }\n", 1, 5, "expected an argument, a new line or '}'"),
        ('b "l${x}" {\n}\n', 1, 5, "a label is plain text"),
        ("a = f(x...,)\n", 1, 11, "after the expanded argument"),
        ("a = x.0.1\n", 1, 7, "[0][1]"),
        ("a = x.*.y.*.z\n", 1, 11, "written [*]"),
        ("a = <<E\nx\nE", 3, 2, "must end with a new line"),
        ('a = "x\ry"\n', 1, 5, "string is not closed"),
    ],
)
def test_errors_say_where(text: str, line: int, column: int, words: str) -> None:
    found = error(text)
    assert words in found[2]
    assert found[:2] == (line, column)


@pytest.mark.parametrize("opening", ["[", "(", "{ a = ", "f(", "!", "-", '"${', "x ? 1 : ", "a["])
def test_deep_nesting_is_refused_with_a_message(opening: str) -> None:
    with pytest.raises(HclSyntaxError, match="nested deeper than"):
        file("a = " + opening * 5_000)


def test_nesting_that_people_write_is_read() -> None:
    levels = MAX_DEPTH // 2
    assert file("a = " + "[" * levels + "]" * levels + "\n").body.attributes
    blocks = "b {\n" * levels + "}\n" * levels
    inner: Block = file(blocks).body.blocks[0]
    assert inner.type == "b"


def test_deep_blocks_are_refused() -> None:
    with pytest.raises(HclSyntaxError, match="nested deeper than"):
        file("b {\n" * 1_000 + "}\n" * 1_000)


def test_a_row_of_operators_has_an_end() -> None:
    assert evaluate_text(" + ".join(["1"] * 900)) == 900
    with pytest.raises(HclSyntaxError, match=f"more than {MAX_OPERATORS}"):
        file("a = " + " + ".join(["1"] * 5_000) + "\n")


def test_numbers_of_absurd_length_are_refused() -> None:
    with pytest.raises(HclSyntaxError, match="digits"):
        file("a = " + "1" * 10_000 + "\n")


def test_hostile_texts_end_in_a_tree_or_an_error() -> None:
    """Each would take minutes if matching were not linear."""
    assert len(file('a = "' + "$" * 200_000 + '"\n').body.attributes["a"].value.value) == 200_000
    assert file("#" * 200_000).body.attributes == {}
    for text in ("/*" * 100_000, "a = <<E\n" + "E \n x" * 50_000):
        with pytest.raises(HclSyntaxError):
            file(text)
