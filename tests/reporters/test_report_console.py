from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from factory import (
    ENCRYPTED,
    HOSTILE,
    SOURCES,
    at,
    compared,
    estate,
    finding,
    hostile,
    many,
    report,
    rule,
    unknown_finding,
    values,
)
from hypothesis import given
from hypothesis import strategies as st
from snapshot import assert_snapshot

from phiward.model.baseline import Comparison, Recorded, Remaining
from phiward.model.finding import Evidence, Summary, Verdict
from phiward.model.value import Sensitive, Unknown
from phiward.reporters import Style, render
from phiward.reporters.console import export_svg
from phiward.reporters.lines import paint, table, wrap
from phiward.reporters.text import cells, clean, cut, show

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def console(of, **style):
    return render(of, "console", Style(**style))


def one(line: str, column: int, end: int, *, end_line: int = 0, width: int = 100, **evidence) -> list[str]:
    """The quoted part of a report on one finding in a file of that one text."""
    where = at(1, column, end, end_line=end_line, path="a.tf")
    fields = {"property": "p", "observed": False, "expected": True} | evidence
    found = finding(evidence=[Evidence(location=where, **fields)], location=where)
    lines = console(report([found], sources={"a.tf": line}), width=width).splitlines()
    return lines[lines.index("  |") + 1 : lines.index("  |", lines.index("  |") + 1)]


def test_an_estate_at_100_columns():
    assert_snapshot("estate.txt", console(estate()))


def test_an_estate_at_60_columns():
    assert_snapshot("estate-60.txt", console(estate(), width=60))


def test_an_estate_in_full():
    assert_snapshot("estate-verbose.txt", console(estate(), verbose=True))


def test_every_shape_of_value():
    assert_snapshot("values.txt", console(values()))


def test_a_clean_estate_is_short():
    passes = [finding(Verdict.PASS, f"aws_s3_bucket.b{n}") for n in range(40)]
    text = console(report(passes))
    assert_snapshot("clean.txt", text)
    assert len(text.splitlines()) <= 4


def test_nothing_found_is_no_claim_of_compliance():
    for of in (report(), estate(), report([finding(Verdict.PASS)])):
        text = console(of).lower()
        assert "complian" not in text
        assert "people attest the rest" in " ".join(text.split())


def test_colour_changes_nothing_but_colour():
    for of in (estate(), values(), many(20)):
        for width in (50, 100):
            assert ANSI.sub("", console(of, color=True, width=width)) == console(of, width=width)
    assert "\x1b" not in console(estate())


def test_verbose_lists_passes_and_shortens_nothing():
    tenants = [f"t{n}" for n in range(30)]
    findings = [finding(address=f'aws_db_instance.main["{t}"]', tenant=t) for t in tenants]
    findings.append(finding(Verdict.PASS, "aws_s3_bucket.good"))
    short, full = console(report(findings)), console(report(findings), verbose=True)
    assert "and 22 more" in short
    assert "aws_s3_bucket.good" not in short
    assert "more" not in full.split("severity  failed")[0]
    assert "pass[encryption-at-rest] aws_s3_bucket.good  modules/db/main.tf:6:3" in full
    assert all(f'main["{t}"] (tenant {t})' in full for t in tenants)


def test_instances_of_one_line_are_one_block():
    text = console(estate())
    assert text.count("high[encryption-at-rest]") == 1
    assert "3 resources:" in text


def test_instances_that_differ_say_how():
    days = [
        finding(address=f'aws_db_instance.main["{t}"]', evidence=[replace(ENCRYPTED, property="days", observed=n)])
        for t, n in [("a", 7), ("b", 30)]
    ]
    text = console(report(days))
    assert "differs between the resources below" in text
    assert 'main["a"]: days is 7, expected true' in text
    assert 'main["b"]: days is 30, expected true' in text


def test_the_most_severe_come_first():
    heads = re.findall(r"^(\w+)\[", console(estate()), flags=re.MULTILINE)
    assert heads == ["critical", "high", "low", "error", "warning", "waived"]


def test_carets_stand_under_the_attribute():
    assert one('  name = "x" # c', 3, 13)[:2] == [
        '1 |   name = "x" # c',
        "  |   ^^^^^^^^^^ p is false, expected true",
    ]


def test_carets_under_wide_characters_and_tabs():
    quoted = one('\t患者 = "鍵"\tx', 7, 10)
    assert quoted[0] == '1 |     患者 = "鍵"    x'
    assert quoted[1].startswith("  | " + " " * (4 + 4 + 3) + "^^^^ ")


def test_combining_characters_take_no_column():
    assert one("e\u0301 = 1", 6, 7)[1].startswith("  |     ^ p")


def test_an_empty_span_still_points():
    assert one("abc", 2, 2)[1].startswith("  |  ^ p")


def test_a_span_beyond_the_line_points_at_its_end():
    assert one("abc", 50, 60)[1].startswith("  |    ^ p")


def test_a_long_line_is_cut_around_the_attribute():
    text = "x" * 5_000 + "TARGET" + "y" * 5_000
    quoted = one(text, 5_001, 5_007, width=80)
    assert max(map(len, quoted)) <= 80
    assert quoted[0].startswith("1 | ...x")
    assert quoted[0].endswith("...")
    start = quoted[1].index("^")
    assert quoted[0][start : start + quoted[1].count("^")] == "TARGET"


def test_an_attribute_longer_than_the_screen_is_cut():
    quoted = one("k = " + "v" * 500, 1, 505, width=80)
    assert max(map(len, quoted)) <= 80
    assert quoted[0].endswith("...")


def test_a_minified_file_costs_no_more_than_its_screen():
    text = '{"a":[' + "1," * 2_000_000 + "2]}"
    started = time.perf_counter()
    one(text, 2_000_000, 2_000_010)
    assert time.perf_counter() - started < 1


def test_a_long_block_is_quoted_at_both_ends():
    text = "resource {\n" + "  a = 1\n" * 500 + "}\n"
    quoted = one(text, 1, 2, end_line=502)
    assert len(quoted) == 8
    assert quoted[0] == "1 | / resource {"
    assert quoted[5] == "  | | ..."
    assert quoted[6] == "502 | | }"


@pytest.mark.parametrize(
    "line, column, end, shown",
    [
        ('  password = "s3cr3t pass" # c', 3, 27, "  password = *****************"),
        ('  password = "s3cr3t pass" # c', 3, 11, "  password = *****************"),
        ('  password = "s3cr3t://x:y"', 14, 28, "  password = **************"),
        ("s3cr3t", 1, 7, "******"),
        ('"s3cr3t"', 1, 9, "********"),
        ("password: s3cr3t", 1, 17, "password: ******"),
    ],
)
def test_a_secret_is_starred_where_the_source_is_quoted(line, column, end, shown):
    quoted = one(line, column, end, observed=Sensitive("s3cr3t"))
    assert quoted[0] == f"1 | {shown}"
    assert "s3cr3t" not in "".join(quoted)


@pytest.mark.parametrize("observed", [Sensitive("s3cr3t"), "(sensitive)", {"k": ["(sensitive)"]}])
def test_a_secret_that_was_already_left_out_is_starred_too(observed):
    assert "s3cr3t" not in "".join(one('password = "s3cr3t"', 1, 9, observed=observed))


def test_a_secret_over_many_lines_is_starred():
    quoted = one('key = <<E\nBEGIN KEY\nE\nx = "y"', 1, 2, end_line=3, observed=[{"k": Sensitive("BEGIN KEY")}])
    assert "BEGIN" not in "".join(quoted)


def test_a_message_of_megabytes_is_cut():
    text = console(report([finding(message="v" * 5_000_000)]))
    assert len(text) < 5_000


def test_form_feeds_and_exotic_separators_do_not_shift_lines():
    where = at(2, 1, 3, path="a.tf")
    found = finding(evidence=[Evidence("p", 1, 2, where)], location=where)
    text = console(report([found], sources={"a.tf": "one\x0c\u2028\x85x\r\ntwo\r\nthree"}))
    assert "2 | two\n" in text


def test_evidence_in_another_file_gets_its_own_arrow():
    other = at(3, 1, 4, path="b.tf")
    leaves = [ENCRYPTED, Evidence("key.rotation", False, True, other)]
    text = console(report([finding(evidence=leaves)], sources={**SOURCES, "b.tf": "\n\nkms\n"}))
    assert text.index("--> modules/db/main.tf:6:3") < text.index("::: b.tf:3:1") < text.index("3 | kms")


def test_a_default_is_told_from_a_written_value():
    default = Evidence("encryption.at_rest", False, True, at(3), by_default=True, write="storage_encrypted = true")
    assert "encryption.at_rest is false by default, expected true" in console(report([finding(evidence=[default])]))


def test_a_block_to_write_keeps_its_lines():
    block = 'versioning_configuration {\n  status = "Enabled"\n}'
    text = console(report([finding(evidence=[replace(ENCRYPTED, write=block)])]), width=40)
    assert '\n      versioning_configuration {\n        status = "Enabled"\n      }\n' in text


def test_evidence_without_a_place_is_told():
    text = console(report([finding(evidence=[Evidence("trail.multi_region", None, True)])]))
    assert "= because: trail.multi_region is not set, expected true" in text


def test_unknown_verdicts_are_grouped_by_what_decides_them():
    why = Unknown("variable x has no value", "pass --var x=1")
    several = [unknown_finding(f"aws_db_instance.i{n}", why, of=rule(f"rule-{n % 2}")) for n in range(10)]
    other = unknown_finding("aws_db_instance.z", Unknown("module was not downloaded", "run terraform init"))
    text = console(report([*several, other]))
    assert text.count("variable x has no value") == 1
    assert "= 10 verdicts: rule-0, rule-1" in text
    assert "and 7 more" in text
    assert text.index("variable x") < text.index("module was not downloaded")


def test_what_one_step_decides_is_one_group_with_its_reasons():
    step = "list this root under complete_roots"
    found = [
        unknown_finding("root .", Unknown(f"no {what} is declared", step), of=rule(what))
        for what in ("trail", "detector")
    ]
    text = console(report(found))
    assert text.count(step) == 1
    assert "unknown for 2 reasons that are decided together" in text
    assert "    no detector is declared\n    no trail is declared\n" in text


def test_reasons_without_a_known_step_are_not_put_together():
    found = [unknown_finding("a.b", Unknown(why)) for why in ("computed", "never written")]
    text = console(report(found))
    assert "unknown computed" in text
    assert "unknown never written" in text


def test_several_leaves_at_one_place_are_a_line_each():
    leaves = [replace(ENCRYPTED, property=f"access.p{n}") for n in range(3)]
    text = console(report([finding(evidence=leaves)]))
    assert "\n  | access.p0 is false, expected true\n  | access.p1 is false, expected true\n" in text


def test_resources_that_no_rule_spoke_to_are_counted():
    text = console(report(summary=Summary(unmodelled=2), unmodelled_types={"aws_x": 2}))
    assert "2 resources not modelled, so no rule spoke to them: 2 aws_x." in text


def test_a_partial_scan_says_so():
    assert "Only part of the tree or of the rules was run." in console(report(partial=True))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_keeps_the_shape_of_the_report(text):
    harmless = "\n".join("plain" for _ in text.split("\n"))
    lines = console(hostile(text), width=4_000).split("\n")
    assert len(lines) == len(console(hostile(harmless), width=4_000).split("\n"))


@given(st.text(max_size=60))
def test_cleaned_text_is_printable_and_cleaning_it_again_changes_nothing(text):
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert clean(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned


@given(st.text(max_size=80).map(clean), st.integers(4, 40))
def test_cut_text_fits(text, width):
    assert cells(cut(text, width)) <= width
    assert cut(text, width) == text or cut(text, width).endswith("...")


@given(st.lists(st.text(max_size=30).map(clean), max_size=6), st.integers(20, 80))
def test_wrapping_loses_nothing(texts, width):
    lines = wrap([(text, "") for text in texts], width, 2)
    told = "".join("".join(text for text, _ in line) for line in lines)
    assert told.replace(" ", "") == "".join(texts).replace(" ", "")
    for line in lines:
        plain = "".join(text for text, _ in line)
        assert cells(plain.rstrip()) <= width or " " not in plain.strip()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
        max_leaves=15,
    )
)
def test_a_value_is_one_bounded_printable_line(value):
    assert show(value).isprintable()
    assert cells(show(value)) <= 160


def test_deep_and_wide_values_are_bounded():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert show(deep) == "[[[[[...]]]]]"
    assert len(show(list(range(10**6)))) <= 160


def test_a_table_lines_up_with_wide_names():
    lines = paint(table(["tenant", "failed"], [["患者", "1"], ["mercy", "10"]], 0), color=False).splitlines()
    assert lines == ["tenant  failed", "患者         1", "mercy       10"]


def test_500_findings_take_well_under_a_second():
    big = many(500)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        console(big)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5


def test_the_picture_is_deterministic_and_loads_nothing():
    first = export_svg(estate(), 100, "phiward scan")
    assert first == export_svg(estate(), 100, "phiward scan")
    root = ET.fromstring(first)
    assert root.tag.endswith("svg")
    text = "".join(root.itertext())
    assert "phiward\u00a0scan" in text or "phiward scan" in text
    assert "no-public-ingress" in text
    assert re.findall(r"url\((?!#)|href=|@import|@font-face", first) == []
    assert not re.search(r"terminal-\d{5,}", first)


def test_what_became_of_a_baseline_is_told_in_bounded_space():
    was = Recorded("f" * 32, "r", "aws_db_instance.gone", "", "a.tf", date(2026, 1, 2))
    remaining = tuple(
        Remaining(was, why) for why in ("its rule did not run", "it could not be decided") for _ in range(500)
    )
    text = console(replace(compared(), baseline=Comparison("b.json", 3, 2, (was,) * 500, remaining)))
    assert text.count("fixed[r] aws_db_instance.gone, since 2026-01-02") == 20
    assert "fixed and 480 more" in text
    assert "on record 500 failures, for its rule did not run: [r] aws_db_instance.gone" in text
    assert "Against the baseline b.json: 2 new, 3 existing, 500 fixed, 1,000 neither shown again nor" in text


def test_new_failures_stand_before_existing_ones():
    text = console(compared())
    states = re.findall(r"= baseline: (.*)$", text, flags=re.MULTILINE)
    assert states == sorted(states, key=lambda state: state == "existing")
    assert "existing" in states
