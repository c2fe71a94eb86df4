"""Values of many types, and expressions whose type says which kind of collection comes out."""

from __future__ import annotations

VALUES = (
    "[]", "tolist([])", "toset([])", "{}", "tomap({})", "[1]", "tolist([1])", "toset([1])", '["1"]', 'tolist(["1"])',
    'toset(["1"])', '["1", "2"]', '["b", "a", "b"]', 'toset(["b", "a"])', '[1, "a"]', "[[1]]", "tolist([[1]])", "[tolist([1])]",
    '[["x", "y"]]', "[toset([1])]", "{ a = 1 }", "tomap({ a = 1 })", '{ a = "1" }', 'tomap({ a = "1" })', "{ a = 1, b = 2 }",
    '{ b = "x" }', "{ a = [1] }", "{ a = tolist([1]) }", "{ a = { x = 1 } }", "tomap({ a = { x = 1 } })", "{ a = tomap({ x = 1 }) }",
    "[{ a = 1 }]", '[{ b = "x" }]', "tolist([{ a = 1 }])", "toset([{ a = 1 }])", "[true]", "[1, true]", "[{}]", "[[]]",
    'split(",", "")', "{ a = true, b = [1] }",
)  # fmt: skip

TYPED = (
    "[null]", "tolist([null, 1])", "tolist([null, null])", 'tolist([1, "a"])', 'tolist([[1], ["a"]])', 'tolist([[1], ["a", "b"]])',
    'tolist([{ a = 1 }, { b = "x" }])', "tolist([[], [1]])", "tolist([{}, { a = 1 }])", 'tolist([tolist([1]), ["a"]])',
    'tolist([toset([2]), tolist(["a"])])', 'tomap({ a = [1], b = ["x"] })', 'tomap({ a = 1, b = "x" })', "toset([[1], [1]])",
    'toset([{ a = 1 }, { a = "1" }])', "tolist(toset([2, 1]))", "tolist(tolist([1]))", "tomap(tomap({ a = 1 }))",
    'concat([1], ["a"])', 'concat(tolist([1]), tolist(["a"]))', 'concat(tolist([1]), ["a"])', "concat(tolist([1]))", "concat([], [])",
    'concat(tolist([[1]]), tolist([["a", "b"]]))', "merge(tomap({ a = 1 }), tomap({ b = 2 }))", "merge(tomap({ a = 1 }), tomap({ b = true }))",
    'merge(tomap({ a = 1 }), { b = "x" })', "merge(null, tomap({ a = 1 }))", "merge({ a = 1 }, null)", "merge({}, {})", "merge(tomap({}), tomap({}))",
    'coalesce([1], ["a"])', 'coalesce(tolist([1]), ["a"])', 'coalesce(null, 1, "a")', "coalesce(toset([1]), [2, 2])",
    'setunion([1], ["a"])', 'setunion(toset([1]), ["a"])', "setunion([], [])", 'setunion([], ["a"])', 'setunion(toset([]), split(",", "a"))',
    'setintersection([1, 2], ["2"])', 'setsubtract(["a"], [1])', "setsubtract([], [1])", 'setproduct([1], ["a"])',
    'setproduct(tolist([1]), tolist(["a"]))', 'setproduct([1, "a"], ["b"])', "setproduct([], [1])", "setproduct(toset([1]), [2])", "setproduct([[1]], [{ a = 1 }])",
    'lookup(tomap({ a = "1" }), "b", 2)', 'lookup({ a = 1 }, "b", "x")', 'lookup({ a = [1] }, "a")', 'lookup(tomap({ a = [1] }), "a")',
    'chunklist([1, "a"], 1)', "chunklist([1, 2, 3], 2)", "chunklist([], 2)", "chunklist([1], 0)", "chunklist([[1]], 1)", 'distinct([1, "1"])', "distinct([])", "distinct([[1], [1]])",
    "values(tomap({ a = 1 }))", 'values({ a = 1, b = "x" })', "values({})", "values(tomap({}))", "keys({ a = 1 })", "keys(tomap({ a = 1 }))", "keys({})", "keys(tomap({}))",
    'zipmap(["a", "b"], [1, "x"])', 'zipmap(["a"], tolist([1]))', "zipmap([], [])", 'flatten([tolist([1]), ["a"]])', "flatten([])", "flatten([[[1]]])", "flatten([tolist([tolist([1])])])",
    'reverse([1, "a"])', "reverse(tolist([1]))", "reverse(toset([1]))", "reverse([])", 'slice([1, "a"], 0, 2)', "slice(tolist([1, 2]), 0, 1)", "slice(tolist([1]), 0, 0)", 'slice([1, "a"], 1, 1)',
    'element([1, "a"], 1)', "element([[1]], 0)", "element(tolist([[1]]), 0)", 'matchkeys([1, "a"], ["x", "y"], ["x"])', 'matchkeys([1], ["x"], ["z"])', "matchkeys([[1]], [2], [2])",
    'transpose({ a = ["b"] })', "transpose({})", "[for x in tolist([1]) : x]", "[for x in toset([1]) : x]", "[for x in [] : x]", "{ for k, v in tomap({ a = 1 }) : k => v }",
    "{ for k, v in tomap({ a = 1 }) : k => v... }", "tolist([1])[*]", "tolist([{ a = 1 }])[*].a", "toset([{ a = 1 }])[*].a", "[{ a = 1 }][*].a", "tolist([])[*]", "1[*]", "{ a = 1 }[*].a",
    "tolist([{ a = [1, 2] }])[*].a[*]", "tolist([{ a = [1, 2] }])[*].a[0]", "tolist([{ a = 1 }]).*.a", 'jsondecode("{\\"a\\":[1,\\"b\\"],\\"c\\":{}}")', 'jsondecode("[]")', 'yamldecode("a: [1]")',
    'regexall("(a)(b)", "ab")', 'regexall("(?P<x>a)", "ab")', 'regexall("a", "b")', 'regexall("(a)", "b")', 'regexall("(?P<x>a)", "b")', 'regex("(?P<x>a)", "ab")', 'regex("(a)", "a")',
    'csvdecode("a,b\\n1,2")', 'csvdecode("a,b\\n")', 'coalescelist(tolist([]), ["a"])', 'coalescelist([], ["a"])', "coalescelist(tolist([1]), [])", "one(tolist([[1]]))", "one([])", "one(toset([[1]]))",
    'try(tolist(["a"]), [1])', 'formatlist("%s-%s", ["a"], "b")', 'formatlist("%s", [])', 'formatlist("x")', "range(1)", "range(0)", 'split(",", "a")', 'compact(["a"])', "compact([])", 'sort(["b"])', "sort([])",
    'cidrsubnets("10.0.0.0/8", 1)', 'cidrsubnets("10.0.0.0/8")', "nonsensitive(tolist([1]))", "nonsensitive({ a = tomap({ b = 1 }) })", "sum([1])",
    "true ? null : [1]", "false ? null : [1]", "true ? [null] : [1]", 'true ? [null] : ["a", "b"]', "true ? { a = null } : { b = 1 }", "false ? 1 : null", "true ? tolist([null]) : [1]",
    "[tolist([1]), toset([]), tomap({})]", "{ a = tolist([]), b = {} }", "alltrue([])", '"${tolist([1])[0]}"', 'templatestring("$${x}", { x = 1 })', "length([])",
)  # fmt: skip
"""Of these the type of the result is compared; those that Terraform refuses are none of these."""
