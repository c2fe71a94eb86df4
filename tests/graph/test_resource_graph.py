"""Which side resource belongs to which parent: by reference, by name, by a name that is not known, or to nobody."""

from __future__ import annotations

import pytest

from phiward.model.resource import Hole
from phiward.model.value import Partial, Reference, Unknown
from phiward.record import replace
from tests.graph.properties import views_of
from tests.graph.small import graph_of, made, scope, view_of
from tests.graph.undecided import Undecided

VAR = Unknown("variable env has no value")
ON = [{"status": "Enabled"}]


def versioned(parent, *others, by, where=None, **attributes):
    """The property of `aws_bucket.a` beside a versioning that names its parent by `by`."""
    root = where or scope()
    bucket = made("aws_bucket.a", root, **parent)
    side = made("aws_bucket_versioning.v", root, bucket=by, settings=ON, **attributes)
    view = view_of("aws_bucket.a", bucket, side, *[made(address, root, **values) for address, values in others])
    return view.property("versioned")


@pytest.mark.parametrize(
    ("parent", "by", "expected"),
    [
        ({}, Reference("aws_bucket.a", ("id",)), True),
        ({}, Reference("aws_bucket.a"), True),
        ({"bucket": "docs"}, "docs", True),
        ({"bucket": "docs"}, "arn:aws:s3:::docs/prefix", True),
        ({"bucket": "docs"}, "logs", False),
        ({"bucket": "docs"}, None, False),
        ({}, "docs", False),
        ({}, Partial((Reference("aws_bucket.a", ("arn",)), "/logs")), True),
        ({}, Partial(("arn:aws:s3:::", Reference("aws_bucket.a", ("id",)), "/logs")), True),
        ({"bucket": Partial((VAR, "-docs"))}, Partial((VAR, "-docs")), True),
        ({"bucket": "docs"}, VAR, Undecided("variable env")),
        ({"bucket": "docs"}, Partial((VAR, "-docs")), Undecided("variable env")),
        # a name that begins with a bucket's name is another bucket's name
        ({}, Partial((Reference("aws_bucket.a", ("id",)), "-logs")), Undecided("known only after apply")),
        # the parent's own name is not known: the literal one may be it
        ({"bucket": VAR}, "docs", Undecided("variable env")),
        ({"bucket": Partial((VAR, "-docs"))}, "prod-docs", Undecided("variable env")),
        ({"bucket": Partial((VAR, "-docs"))}, "logs", False),
        ({"bucket": VAR}, "arn:aws:s3:::docs", Undecided("variable env")),
        # nothing that the root declares
        ({"bucket": "docs"}, Reference("aws_bucket.gone", ("id",)), False),
    ],
)
def test_a_satellite_finds_its_parent(parent, by, expected):
    assert versioned(parent, by=by) == expected


def test_a_name_that_both_take_from_one_place_is_the_same_name():
    pet = Reference("random_pet.n", ("id",))
    assert versioned({"bucket": pet}, ("random_pet.n", {}), by=pet) is True
    name = Partial((pet, "-docs"))
    assert versioned({"bucket": name}, ("random_pet.n", {}), by=name) is True


def test_what_another_provider_makes_up_may_be_any_name():
    by = Reference("random_pet.n", ("id",))
    assert versioned({"bucket": "docs"}, ("random_pet.n", {}), by=by) == Undecided("known only after apply")


def test_a_name_is_followed_to_where_it_is_written():
    by = Reference("terraform_data.n", ("input",))
    assert versioned({"bucket": "docs"}, ("terraform_data.n", {"input": "docs"}), by=by) is True
    assert versioned({"bucket": "docs"}, ("terraform_data.n", {"input": "logs"}), by=by) is False
    assert versioned({"bucket": "docs"}, ("terraform_data.n", {"input": VAR}), by=by) == Undecided("variable env")
    assert versioned({"bucket": by}, ("terraform_data.n", {"input": "docs"}), by="docs") is True


def test_a_data_source_that_names_a_managed_bucket():
    by = Reference("data.aws_bucket.x", ("bucket",))
    assert versioned({"bucket": "docs"}, ("data.aws_bucket.x", {"bucket": "docs"}), by=by) is True
    by = Reference("data.aws_bucket.x", ("id",))
    assert versioned({"bucket": "docs"}, ("data.aws_bucket.x", {"bucket": "x"}), by=by) is False


def test_the_id_of_another_type_is_not_one_of_ours():
    by = Reference("aws_stream.s", ("arn",))
    assert versioned({"bucket": "docs"}, ("aws_stream.s", {}), by=by) is False
    below = Partial((by, "/prefix"))
    assert versioned({"bucket": "docs"}, ("aws_stream.s", {}), by=below) is False


def test_references_in_a_circle_are_undecided():
    circle = ("terraform_data.x", {"input": Reference("terraform_data.y", ("input",))})
    back = ("terraform_data.y", {"input": Reference("terraform_data.x", ("input",))})
    assert versioned({"bucket": "docs"}, circle, back, by=Reference("terraform_data.x", ("input",))) == Undecided()


def test_a_circle_below_the_first_step_ends():
    root = scope()
    x = made("terraform_data.x", root, input=Reference("terraform_data.y", ("input", "k")))
    y = made("terraform_data.y", root, input=Reference("terraform_data.x", ("input", "k")))
    assert graph_of(x, y).resolve(Reference("terraform_data.x", ("input", "k")), root) == Undecided("circle")


def test_two_parents_of_one_name_are_both_in_doubt_and_no_third():
    root = scope()
    buckets = [
        made(f"aws_bucket.{n}", root, bucket=name) for n, name in zip("abc", ("docs", "docs", "logs"), strict=True)
    ]
    graph = graph_of(*buckets, made("aws_bucket_versioning.v", root, bucket="docs", settings=ON))
    read = {view.resource.address: view.property("versioned") for view in graph.views}
    assert read["aws_bucket.a"] == Undecided("aws_bucket.a and aws_bucket.b carry the same name")
    assert read["aws_bucket.b"] == Undecided("the same name")
    assert read["aws_bucket.c"] is False


def test_a_satellite_of_an_unknown_name_may_be_hidden_at_every_parent_of_its_root_alone():
    root, other = scope(), scope("other")
    mine = [made(f"aws_bucket.{n}", root, bucket=n) for n in "ab"]
    theirs = made("aws_bucket.a", other, bucket="a")
    graph = graph_of(*mine, theirs, made("aws_bucket_versioning.v", root, bucket=VAR, settings=ON))
    assert [view.property("versioned") for view in graph.views] == [Undecided(), Undecided(), False]


def test_a_placed_satellite_decides_before_a_hidden_one():
    root = scope()
    graph = graph_of(
        made("aws_bucket.a", root, bucket="a"),
        made("aws_bucket_versioning.hidden", root, bucket=VAR, settings=[{"status": "Suspended"}]),
        made("aws_bucket_versioning.mine", root, bucket="a", settings=ON),
    )
    assert graph.views[0].property("versioned") is True


def test_an_id_is_not_held_against_names():
    root = scope()
    view = view_of(
        "aws_bucket.a",
        made("aws_bucket.a", root, bucket=VAR),
        made("aws_bucket_access.x", root, bucket_id="b-0123456789abcdef0"),
    )
    assert view.satellites("access") == []


def test_a_satellite_that_names_several_parents_belongs_to_each():
    root = scope()
    graph = graph_of(
        made("aws_bucket.a", root),
        made("aws_bucket.b", root, bucket="b"),
        made("aws_bucket.c", root, bucket="c"),
        made("aws_feed.f", root, targets=[{"arn": Reference("aws_bucket.a", ("arn",))}, {"arn": "arn:aws:s3:::b"}]),
    )
    assert [len(view.satellites("feeds")) for view in graph.views] == [1, 1, 0]


def test_a_satellite_whose_number_is_not_known_may_not_be_there():
    root = scope()
    bucket = made("aws_bucket.a", root)
    side = made("aws_bucket_versioning.v[*]", root, bucket=Reference("aws_bucket.a", ("id",)), settings=ON)
    assert view_of("aws_bucket.a", bucket, side).property("versioned") == Undecided("how many")


@pytest.mark.parametrize(
    ("side", "parent", "expected"),
    [
        ("module.m[*].aws_bucket_versioning.v", "aws_bucket.a", Undecided("how many")),
        ("module.m[*].aws_bucket_versioning.v", "module.m[*].aws_bucket.a", True),
        ("module.m[*].aws_bucket_versioning.v[*]", "module.m[*].aws_bucket.a", Undecided("how many")),
        ("module.m[*].aws_bucket_versioning.v[*]", "module.m[*].aws_bucket.a[*]", True),
        ("module.m[*].module.n[*].aws_bucket_versioning.v", "module.m[*].aws_bucket.a", Undecided("how many")),
        ("module.n[*].aws_bucket_versioning.v", "module.m[*].aws_bucket.a", Undecided("how many")),
        ('module.m["*"].aws_bucket_versioning.v', "aws_bucket.a", True),
    ],
)
def test_a_satellite_in_modules_whose_number_is_not_known(side, parent, expected):
    root = scope()
    made_side = made(side, root, bucket=Reference(parent, ("id",)), settings=ON)
    assert view_of(parent, made(parent, root), made_side).property("versioned") == expected


def test_two_satellites_that_contradict_each_other_decide_nothing():
    root = scope()
    sides = [
        made(f"aws_bucket_versioning.{status}", root, bucket="a", settings=[{"status": status}])
        for status in ("Enabled", "Suspended")
    ]
    view = view_of("aws_bucket.a", made("aws_bucket.a", root, bucket="a"), *sides)
    assert view.property("versioned") == Undecided("aws_bucket_versioning.Suspended write it differently")
    agreeing = view_of("aws_bucket.a", made("aws_bucket.a", root, bucket="a"), sides[0], sides[0])
    assert agreeing.property("versioned") is True


def test_a_parent_goes_before_another_that_borrows_its_name():
    root = scope()
    graph = graph_of(
        made("aws_bucket.a", root, bucket="a"),
        made("aws_bucket.b", root, bucket=Reference("aws_bucket.a", ("bucket",))),
        made("aws_bucket_versioning.v", root, bucket=Reference("aws_bucket.a", ("bucket",)), settings=ON),
    )
    assert [view.property("versioned") for view in graph.views] == [True, False]


def test_satellites_of_as_many_parents_are_there_with_them():
    root = scope()
    bucket = made("aws_bucket.a[*]", root)
    side = made("aws_bucket_versioning.v[*]", root, bucket=Reference("aws_bucket.a[*]", ("id",)), settings=ON)
    assert view_of("aws_bucket.a[*]", bucket, side).property("versioned") is True


@pytest.mark.parametrize(
    ("number", "of_parent", "expected"),
    [
        ("var.on ? 1 : 0", "var.on ? 1 : 0", True),
        ("aws_bucket.a", "var.buckets", True),
        ("var.on && var.kept ? 1 : 0", "var.on ? 1 : 0", Undecided("how many")),
        ("aws_bucket.b", "var.buckets", Undecided("how many")),
    ],
)
def test_satellites_of_another_number_may_not_be_there(number, of_parent, expected):
    root = scope()
    bucket = replace(made("aws_bucket.a[*]", root), number=of_parent)
    side = made("aws_bucket_versioning.v[*]", root, bucket=Reference("aws_bucket.a[*]", ("id",)), settings=ON)
    view = view_of("aws_bucket.a[*]", bucket, replace(side, number=number))
    assert view.property("versioned") == expected


def test_the_same_words_in_two_modules_may_count_differently():
    root = scope()
    bucket = replace(made("module.m.aws_bucket.a[*]", root), number="var.on")
    side = made("aws_bucket_versioning.v[*]", root, bucket=Reference("module.m.aws_bucket.a[*]", ("id",)), settings=ON)
    view = view_of("module.m.aws_bucket.a[*]", bucket, replace(side, number="var.on"))
    assert view.property("versioned") == Undecided("how many")


def test_a_hole_hides_satellites_of_what_was_given_to_it():
    root = scope("root", Hole("module x is not downloaded", references=frozenset({"aws_bucket.a"})))
    graph = graph_of(made("aws_bucket.a", root), made("aws_bucket.b", root))
    assert [view.property("versioned") for view in graph.views] == [Undecided("not downloaded"), False]


def test_a_hole_that_was_given_nothing_by_name_may_hold_anything():
    root = scope("root", Hole("broken.tf does not parse", hint="mend it"))
    value = view_of("aws_bucket.a", made("aws_bucket.a", root)).property("versioned")
    assert value == Unknown("broken.tf does not parse, and may hold a part of it", "mend it")


def test_an_inline_setting_decides_where_a_satellite_may_be_hidden():
    root = scope("root", Hole("broken.tf does not parse"))
    view = view_of("aws_bucket.a", made("aws_bucket.a", root, versioning=[{"enabled": True}]))
    assert view.property("versioned") is True


def test_one_address_in_two_roots_is_two_resources():
    one, two = scope("one"), scope("two")
    graph = graph_of(
        made("aws_bucket.a", one),
        made("aws_bucket.a", two),
        made("aws_bucket_versioning.v", two, bucket=Reference("aws_bucket.a"), settings=ON),
    )
    assert [view.property("versioned") for view in graph.views] == [False, True]
    assert [view.resource.scope.path for view in graph.of_scope(two)] == ["two"]
    assert len(graph.of_type("aws_bucket", one)) == 1


def test_what_is_counted_and_what_is_not_modelled():
    root = scope()
    graph = graph_of(
        made("aws_bucket.a", root),
        made("aws_bucket_policy.a", root, bucket="x"),
        made("aws_other.a", root),
        made("data.aws_other.a", root),
    )
    assert (graph.resources, dict(graph.unmodelled), len(graph.views)) == (3, {"aws_other": 1}, 1)
    assert graph.find("data.aws_other.a", root) is not None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (Reference("aws_bucket.a", ("bucket",)), "docs"),
        (Reference("aws_bucket.b", ("bucket",)), "docs"),
        (Reference("aws_bucket.a", ("arn",)), Undecided("known only after apply")),
        (Reference("aws_bucket.a"), Undecided("known only after apply")),
        (Reference("aws_bucket.z", ("bucket",)), Undecided("not in what was scanned")),
        (Reference("aws_bucket.c", ("bucket",)), Undecided("circle")),
    ],
)
def test_a_reference_is_resolved_to_what_is_written(reference, expected):
    root = scope()
    graph = graph_of(
        made("aws_bucket.a", root, bucket="docs"),
        made("aws_bucket.b", root, bucket=Reference("aws_bucket.a", ("bucket",))),
        made("aws_bucket.c", root, bucket=Reference("aws_bucket.c", ("bucket",))),
    )
    assert graph.resolve(reference, root) == expected


def test_a_satellite_in_a_module_is_attached_through_the_modules_output(tmp_path):
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "main.tf").write_text(
        'resource "aws_s3_bucket" "a" {}\noutput "id" { value = aws_s3_bucket.a.id }\n'
    )
    views = views_of(
        tmp_path,
        """
module "docs" { source = "./bucket" }
module "logs" { source = "./bucket" }
resource "aws_s3_bucket_versioning" "v" {
  bucket = module.docs.id
  versioning_configuration { status = "Enabled" }
}
""",
    )
    read = {
        address: view.property("integrity.versioned") for address, view in views.items() if "aws_s3_bucket" in address
    }
    assert read == {"module.docs.aws_s3_bucket.a": True, "module.logs.aws_s3_bucket.a": False}


def test_beyond_many_candidates_any_of_the_type_may_be_meant():
    root = scope()
    same = [made(f"aws_bucket.s{n}", root, bucket="docs") for n in range(300)]
    graph = graph_of(
        *same, made("aws_bucket.z", root, bucket="z"), made("aws_bucket_versioning.v", root, bucket="docs")
    )
    assert graph.views[-1].property("versioned") == Undecided("the same name")
    vague = [made(f"aws_bucket.s{n}", root, bucket=Partial((VAR, f"-{n}"))) for n in range(300)]
    graph = graph_of(*vague, made("aws_bucket_versioning.v", root, bucket="other"))
    assert graph.views[0].property("versioned") == Undecided("variable env")
