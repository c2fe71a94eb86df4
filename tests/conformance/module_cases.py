"""Small modules, each of which has an output `result` or resources: what `terraform plan` makes of them is the answer.

A case is the text of its `main.tf`, or a mapping of file names to texts.
"""

from __future__ import annotations

Case = str | dict[str, str]

LEAF = """
variable "name" {}
variable "size" { default = 1 }
resource "terraform_data" "it" { input = "${var.name}-${var.size}" }
output "name" { value = upper(var.name) }
output "pair" { value = { name = var.name, size = var.size } }
"""

CASES: dict[str, Case] = {
    "count_known": 'resource "terraform_data" "a" {\n  count = 3\n  input = count.index * 10\n}\n'
    'output "result" { value = terraform_data.a[*].input }',
    "count_zero_and_try": 'resource "terraform_data" "a" {\n  count = 0\n  input = 1\n}\n'
    'output "result" { value = [try(terraform_data.a[0].input, "none"), length(terraform_data.a), '
    "one(terraform_data.a[*].input)] }",
    "count_from_bool": 'variable "on" { default = false }\nresource "terraform_data" "a" {\n'
    '  count = var.on ? 1 : 0\n}\noutput "result" { value = length(terraform_data.a) }',
    "for_each_map": 'resource "terraform_data" "a" {\n  for_each = { b = { n = 2 }, a = { n = 1 } }\n'
    '  input = "${each.key}=${each.value.n}"\n}\n'
    'output "result" { value = { for k, v in terraform_data.a : k => v.input } }',
    "for_each_set": 'resource "terraform_data" "a" {\n  for_each = toset(["y", "x", "y"])\n  input = each.value\n}\n'
    'output "result" { value = values(terraform_data.a)[*].input }',
    "for_each_computed_keys": 'locals { names = ["a", "b"] }\nresource "terraform_data" "a" {\n'
    '  for_each = { for i, n in local.names : "${n}/${i}" => i }\n  input = each.value\n}',
    "for_each_of_another_resource": 'resource "terraform_data" "a" {\n  for_each = toset(["p", "q"])\n'
    '  input = each.key\n}\nresource "terraform_data" "b" {\n  for_each = terraform_data.a\n'
    '  input = "${each.key}:${each.value.input}"\n}',
    "keys_that_need_escapes": 'resource "terraform_data" "a" {\n'
    '  for_each = toset(["a b", "q\\"uote", "back\\\\slash", "\\u00e9"])\n  input = each.key\n}',
    "locals_in_any_order": 'locals { c = "${local.b}c" }\nlocals {\n  b = "${local.a}b"\n  a = "a"\n}\n'
    'output "result" { value = local.c }',
    "nested_conditionals": 'variable "tier" { default = "b" }\noutput "result" {\n'
    '  value = [for t in ["a", "b", "c"] : t == "a" ? 1 : t == "b" ? 2 : 3]\n}',
    "conditional_takes_one_type": 'output "result" {\n  value = [true ? 1 : "a", true ? [1, 2] : ["x", "y"], '
    'false ? null : true, true ? { a = 1 } : { a = "b" }]\n}',
    "object_type_with_optional": 'variable "db" {\n  type = object({ name = string, size = optional(number, 10), '
    "tags = optional(map(string), {}), note = optional(string) })\n"
    '  default = { name = "x", size = null, extra = true }\n}\noutput "result" { value = var.db }',
    "list_of_objects_with_optional": 'variable "rules" {\n  type = list(object({ port = number, '
    'cidrs = optional(list(string), ["10.0.0.0/8"]) }))\n'
    '  default = [{ port = "22" }, { port = 443, cidrs = [] }]\n}\noutput "result" { value = var.rules }',
    "nested_optional_objects": 'variable "o" {\n  type = object({ a = optional(object({ b = optional(bool, true) }), {}) })\n'
    '  default = {}\n}\noutput "result" { value = var.o }',
    "map_of_any": 'variable "m" {\n  type = map(any)\n  default = { a = 1, b = "x", c = true }\n}\n'
    'output "result" { value = var.m }',
    "list_of_any": 'variable "l" {\n  type = list(any)\n  default = [1, "x", true]\n}\noutput "result" { value = var.l }',
    "set_of_numbers": 'variable "s" {\n  type = set(number)\n  default = [10, "9", 2, 10]\n}\n'
    'output "result" { value = var.s }',
    "set_of_objects": 'variable "s" {\n  type = set(object({ n = string, p = number }))\n'
    '  default = [{ n = "b", p = 1 }, { n = "a", p = 2 }, { n = "b", p = 1 }]\n}\noutput "result" { value = var.s }',
    "tuple_type": 'variable "t" {\n  type = tuple([string, number, bool])\n  default = [1, "2", "true"]\n}\n'
    'output "result" { value = var.t }',
    "numbers_and_bools_from_text": 'variable "n" {\n  type = number\n  default = "1.50"\n}\nvariable "b" {\n  type = bool\n'
    '  default = "true"\n}\nvariable "s" {\n  type = string\n  default = 7\n}\n'
    'output "result" { value = [var.n, var.b, var.s] }',
    "nullable_false": {
        "main.tf": 'module "c" {\n  source = "./c"\n  a = null\n  b = null\n}\noutput "result" { value = module.c.out }',
        "c/main.tf": 'variable "a" {\n  default = "d"\n  nullable = false\n}\nvariable "b" { default = "d" }\n'
        'output "out" { value = [var.a, var.b] }',
    },
    "module_for_each": {
        "main.tf": 'module "leaf" {\n  source = "./leaf"\n  for_each = { mercy = 1, lake = 2 }\n  name = each.key\n'
        '  size = each.value\n}\noutput "result" {\n  value = [{ for k, m in module.leaf : k => m.name }, '
        'module.leaf["mercy"].pair.size, values(module.leaf)[*].name]\n}',
        "leaf/main.tf": LEAF,
    },
    "module_count": {
        "main.tf": 'module "leaf" {\n  source = "./leaf"\n  count = 2\n  name = "n${count.index}"\n}\n'
        'output "result" { value = [module.leaf[*].name, module.leaf[1].pair, length(module.leaf)] }',
        "leaf/main.tf": LEAF,
    },
    "module_count_zero": {
        "main.tf": 'module "leaf" {\n  source = "./leaf"\n  count = 0\n  name = "x"\n}\n'
        'output "result" { value = [module.leaf[*].name, try(module.leaf[0].name, "no"), one(module.leaf[*].name)] }',
        "leaf/main.tf": LEAF,
    },
    "modules_three_deep": {
        "main.tf": 'module "a" {\n  source = "./a"\n  names = ["x", "y"]\n}\noutput "result" { value = module.a.all }',
        "a/main.tf": 'variable "names" { type = list(string) }\nmodule "b" {\n  source = "./b"\n'
        '  for_each = toset(var.names)\n  name = each.key\n}\n'
        'output "all" { value = { for k, b in module.b : k => b.made } }',
        "a/b/main.tf": 'variable "name" {}\nmodule "leaf" {\n  source = "../../leaf"\n  count = 2\n'
        '  name = "${var.name}${count.index}"\n}\noutput "made" { value = module.leaf[*].name }',
        "leaf/main.tf": LEAF,
    },
    "module_called_twice": {
        "main.tf": 'module "one" {\n  source = "./leaf"\n  name = "one"\n}\nmodule "two" {\n  source = "./leaf"\n'
        '  name = module.one.name\n  size = 5\n}\noutput "result" { value = [module.one.pair, module.two] }',
        "leaf/main.tf": LEAF,
    },
    "modules_that_exchange_values": {
        "main.tf": 'module "a" {\n  source = "./x"\n  in = module.b.fixed\n}\nmodule "b" {\n  source = "./x"\n'
        '  in = "start"\n}\nmodule "c" {\n  source = "./x"\n  in = module.a.out\n}\n'
        'output "result" { value = module.c.out }',
        "x/main.tf": 'variable "in" {}\noutput "out" { value = "<${var.in}>" }\noutput "fixed" { value = "f" }',
    },
    "values_of_resources_in_another_spelling": 'resource "terraform_data" "a" { input = "q\\"uote" }\n'
    'output "result" {\n  value = ["x ${jsonencode([terraform_data.a.input])}", "x ${format("%q", terraform_data.a.input)}", '
    'jsonencode({ a = terraform_data.a.input }), formatlist("<%q>", [terraform_data.a.input])]\n}',
    "override_files": {
        "main.tf": 'variable "v" { default = "base" }\nlocals {\n  l = "base"\n  k = "kept"\n}\n'
        'resource "terraform_data" "a" {\n  input = "base"\n  triggers_replace = ["t"]\n}\n'
        'output "result" { value = [var.v, local.l, local.k, terraform_data.a.input] }',
        "b_override.tf": 'variable "v" { default = "b" }\nlocals { l = "b" }\nresource "terraform_data" "a" { input = "b" }',
        "override.tf": 'variable "v" { default = "plain" }',
    },
    "json_syntax": {
        "main.tf.json": '{"variable": {"name": {"type": "string", "default": "mercy"},\n'
        '  "sizes": {"type": "map(number)", "default": {"a": "1"}}},\n'
        ' "locals": {"up": "${upper(var.name)}", "lit": "$${x}", "list": ["${var.name}", "a \\"q\\" ${join(\\"-\\", '
        '[\\"x\\", \\"y\\"])}"], "//": "a comment"},\n'
        ' "resource": {"terraform_data": {"a": {"for_each": "${toset([\\"p\\", \\"q\\"])}", "input": "${each.key}"}}},\n'
        ' "output": {"result": {"value": {"a": "${local.up}", "b": "${local.lit}", "c": "${local.list}", "d": '
        '"${var.sizes}", "e": [1, -2.5, true, null, "\\u00e9\\/"]}}}}',
    },
    "json_beside_native": {
        "a.tf": 'locals { native = "n" }\noutput "result" { value = [local.native, local.json] }',
        "b.tf.json": '{"locals": [{"json": "${local.native}j"}]}',
    },
    "heredocs": 'variable "n" { default = "w" }\noutput "result" {\n  value = [<<A\n  plain ${var.n}\nA\n'
    "    , <<-B\n      indented\n        more ${var.n}\n\n      end\n    B\n    , <<-C\n    \ttab\n   three\n    C\n"
    '    , <<D\nD\n    , <<E\n$${no} %%{no} \\n "q"\nE\n  ]\n}',
    "template_directives": 'output "result" {\n  value = <<-T\n    %{for i, x in ["a", "b"]~}\n    ${i}: ${x}\n    %{endfor~}\n'
    '    %{if true}yes%{else}no%{endif}\n    %{~if false~}\n    never\n    %{~endif~}\n    end\n  T\n}',
    "strip_markers": 'output "result" { value = ["a ${~ "b" ~} c", "x %{~ if true ~} y %{~ endif ~} z"] }',
    "splats": 'locals {\n  l = [{ a = [{ b = 1 }, { b = 2 }] }, { a = [] }]\n  s = { a = 5 }\n  n = null\n}\n'
    'output "result" { value = [local.l[*].a[*].b, local.s[*].a, local.n[*], local.l.*.a, local.l[0].a[*]["b"]] }',
    "for_with_grouping": 'output "result" { value = { for x in ["ab", "ac", "b"] : substr(x, 0, 1) => x... if x != "z" } }',
    "for_over_set_and_map": 'output "result" {\n  value = [[for x in toset(["b", "a"]) : x], '
    '[for k, v in { b = 1, a = 2 } : "${k}${v}"], { for i, x in ["p"] : x => i }]\n}',
    "operators": 'output "result" { value = [1 + 2 * 3, (1 + 2) * 3, 7 % 4, -7 % 4, !true || true, 1 < 2 && 2 >= 2, '
    '"a" != "b", -(-3), 10 / 4, 1 == 1 ? "t" : "f"] }',
    "templatefile": {
        "main.tf": 'output "result" { value = templatefile("${path.module}/t.tftpl", { names = ["a", "b"], on = true }) }',
        "t.tftpl": "%{ for n in names ~}\nname ${n}\n%{ endfor ~}\n%{ if on }on%{ endif }\n",
    },
    "files": {
        "main.tf": 'output "result" { value = [file("${path.module}/f.json"), jsondecode(file("${path.module}/f.json")).a, '
        'fileexists("${path.module}/none"), sort(fileset(path.module, "*.json"))] }',
        "f.json": '{"a": [1, 2]}',
    },
    "path_module": {
        "main.tf": 'module "in" { source = "./in" }\noutput "result" { value = [basename(path.module), module.in.p, path.root] }',
        "in/main.tf": 'output "p" { value = basename(path.module) }',
    },
    "workspace": 'output "result" { value = terraform.workspace }',
    "try_and_can": 'locals { o = { a = { b = 1 } } }\noutput "result" {\n'
    '  value = [try(local.o.a.b, 0), try(local.o.x.b, "dflt"), try(local.o.x, local.o.a.z, 3), can(local.o.a), '
    'can(local.o.q), try(tonumber("z"), null), lookup(local.o, "none", "d")]\n}',
    "merge_and_flatten": 'locals {\n  tiers = { a = ["x", "y"], b = ["z"] }\n'
    '  flat = flatten([for t, ns in local.tiers : [for n in ns : { tier = t, name = n }]])\n}\n'
    'resource "terraform_data" "a" {\n  for_each = { for f in local.flat : "${f.tier}.${f.name}" => f }\n'
    "  input = merge(each.value, { extra = true })\n}",
    "sensitive_values": 'variable "s" {\n  default = "secret"\n  sensitive = true\n}\noutput "result" {\n'
    '  value = ["x${var.s}", upper(var.s), { k = var.s }]\n  sensitive = true\n}',
    "noise_that_changes_nothing": 'terraform {\n  required_version = ">= 1.0"\n}\nmoved {\n  from = terraform_data.old\n'
    '  to = terraform_data.a\n}\nresource "terraform_data" "a" {\n  input = 1\n  lifecycle {\n'
    '    precondition {\n      condition = var.v > 0\n      error_message = "no"\n    }\n    ignore_changes = [input]\n  }\n'
    '  provisioner "local-exec" { command = "true" }\n}\ncheck "c" {\n  assert {\n    condition = var.v > 0\n'
    '    error_message = "no"\n  }\n}\nvariable "v" {\n  default = 3\n  validation {\n    condition = var.v > 1\n'
    '    error_message = "small"\n  }\n}\noutput "result" { value = var.v }',
    "legacy_index_and_quoted_types": 'variable "m" {\n  type = map(list(string))\n  default = { a = ["x", "y"] }\n}\n'
    'output "result" { value = [var.m.a.0, var.m["a"].1, "${var.m["a"][0]}"] }',
    "comments_everywhere": "# a\n/* b */ locals { // c\n  a = [ # d\n    1, // e\n    /* f */ 2 /* g */\n  ] # h\n"
    "  b = { /* i */ x = 1 # j\n    // k\n    y = /* l */ 2 }\n}\n"
    'output "result" { value = [local.a, local.b] } # end',
    "unicode": 'locals { größe = "naïve e\\u0301" }\noutput "result" { value = [local.größe, upper("straße"), "日本"] }',
    "object_keys": 'locals { k = "dyn" }\noutput "result" { value = { a = 1, "b" = 2, (local.k) = 3, "${local.k}2" = 4, '
    "true = 5, null = 6, 7 = 8, e : 9 } }",
    "expanded_arguments": 'locals { l = [[1], [2, 3]] }\noutput "result" { value = [concat(local.l...), max([4, 9, 2]...), '
    'merge([{ a = 1 }, { b = 2 }]...), format("%s-%s", ["a", "b"]...)] }',
}  # fmt: skip

UNKNOWN: dict[str, str] = {
    "computed_attribute": 'resource "terraform_data" "a" { input = 1 }\noutput "result" { value = terraform_data.a.id }',
    "template_with_computed": 'resource "terraform_data" "a" {}\noutput "result" { value = "x-${terraform_data.a.id}" }',
    "condition_on_computed": 'resource "terraform_data" "a" {}\n'
    'output "result" { value = terraform_data.a.id == "x" ? 1 : 2 }',
    "timestamp": 'output "result" { value = timestamp() }',
    "for_filtered_by_computed": 'resource "terraform_data" "a" {}\n'
    'output "result" { value = [for x in ["p", "q"] : x if x != terraform_data.a.id] }',
    "function_of_computed": 'resource "terraform_data" "a" {}\noutput "result" { value = upper(terraform_data.a.id) }',
    "key_of_computed": 'resource "terraform_data" "a" {}\noutput "result" { value = { (terraform_data.a.id) = 1 } }',
}
"""What Terraform itself does not know before it applies: we must not know it either."""
