"""What a day makes of statements: never attested without evidence, never after the last day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from phiward.manual import assess, by_citation
from phiward.model.location import Location, Span
from phiward.model.manual import Assurance, Proof, Statement
from phiward.pack import load_pack
from phiward.pack.controls import Control, load_controls

TODAY = date(2026, 11, 26)
AT = Location("phiward.manual.yaml", Span(1, 1, 1, 1))
LINK = (Proof("protocol", link="https://grc.example/1"),)
ONE = Control("one", "It is done.", "the record", "each quarter", 92, ("164.308(a)(5)(i)",))
TWO = Control("two", "It is done.", "the record", "yearly", 366, ("164.308(a)(5)(i)", "164.310(b)"))


def statement(control: str = "one", stated: date = TODAY, until: date = TODAY, **more: object) -> Statement:
    fields = {"stated_by": "Jane", "role": "", "evidence": LINK, "location": AT}
    return Statement(control=control, stated=stated, until=until, **(fields | more))  # type: ignore[arg-type]


def state_of(*statements: Statement, digests: dict[str, str] | None = None) -> tuple[Assurance, str]:
    [state] = assess(statements, [ONE], TODAY, digests)
    return state.assurance, state.why


def test_it_counts_until_the_end_of_its_last_day():
    assert state_of(statement(until=TODAY))[0] == "attested"
    assert state_of(statement(stated=TODAY - timedelta(9), until=TODAY - timedelta(1)))[0] == "stale"
    assert state_of() == (Assurance.NOT_ASSESSED, "nobody states it")
    assert state_of(statement("two")) == (Assurance.NOT_ASSESSED, "nobody states it")


def test_a_statement_of_tomorrow_does_not_count_and_hides_none_of_today():
    tomorrow = TODAY + timedelta(1)
    early = statement(stated=tomorrow, until=tomorrow)
    assert state_of(early) == (Assurance.NOT_ASSESSED, "the day of its statement has not come")
    assert state_of(early, statement())[0] == "attested"


def test_the_latest_statement_counts_also_where_it_is_worse():
    old = statement(stated=TODAY - timedelta(20), until=TODAY + timedelta(20))
    new = statement(stated=TODAY - timedelta(10), until=TODAY - timedelta(5))
    assert state_of(old, new)[0] == state_of(new, old)[0] == "stale"


def test_evidence_that_is_gone_or_changed_is_none():
    with_file = statement(evidence=(*LINK, Proof("a", file="a.pdf", sha256="a" * 64)))
    assert state_of(with_file)[0] == "attested"
    assert state_of(with_file, digests={"a.pdf": "a" * 64})[0] == "attested"
    assert state_of(with_file, digests={"a.pdf": "b" * 64})[0] == "not-assessed"
    assert "is not there" in state_of(with_file, digests={"a.pdf": ""})[1]
    assert "is not there" in state_of(with_file, digests={})[1]
    assert state_of(statement(evidence=()))[0] == "not-assessed"


def test_a_citation_is_as_good_as_the_worst_of_its_controls():
    def told(*statements: Statement) -> dict[str, str]:
        states = assess(statements, [ONE, TWO], TODAY)
        cited = by_citation(states, ["164.308(a)(5)(i)", "164.310(b)", "164.312(b)"])
        return {one.citation: one.assurance.value for one in cited}

    past = {"stated": TODAY - timedelta(9), "until": TODAY - timedelta(1)}
    assert told(statement("two")) == {
        "164.308(a)(5)(i)": "not-assessed", "164.310(b)": "attested", "164.312(b)": "not-assessed",
    }  # fmt: skip
    assert told(statement("two"), statement("one", **past))["164.308(a)(5)(i)"] == "stale"
    assert told(statement("two"), statement("one"))["164.308(a)(5)(i)"] == "attested"


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
made = st.builds(
    statement,
    st.sampled_from(["one", "two"]),
    days,
    days,
    evidence=st.sampled_from([(), LINK, (Proof("a", file="a.pdf"),)]),
)


@given(st.lists(made, max_size=6), days, st.sampled_from([None, {}, {"a.pdf": "a" * 64}]))
def test_nothing_is_attested_without_evidence_or_beyond_its_day(statements, today, digests):
    for state in assess(statements, [ONE, TWO], today, digests):
        if state.assurance is Assurance.ATTESTED:
            assert state.statement is not None
            assert state.statement.stated <= today <= state.statement.until
            assert state.statement.evidence
        else:
            assert state.why


def test_of_the_pack_nothing_is_attested_before_somebody_states_it():
    states = assess([], load_controls(), TODAY)
    cited = by_citation(states, load_pack().citations)
    assert len(cited) == 126
    assert {one.assurance for one in cited} == {Assurance.NOT_ASSESSED}
