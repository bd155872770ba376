"""No rule goes untested: every id has a planner test, and one that goes through whole passes."""

from pathlib import Path

import pytest

from tests.reach import END_TO_END, OUTSIDE, PLANNER, PROVIDERS, reach, unreached


def test_every_rule_has_a_planner_test() -> None:
    assert unreached(reach(PLANNER)) == []


def test_every_rule_has_an_end_to_end_test() -> None:
    assert unreached(reach(END_TO_END)) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_rule_has_an_end_to_end_test_with_each_provider_outside(provider: str) -> None:
    assert unreached(reach(OUTSIDE, provider=provider)) == []


def test_a_test_in_a_studio_runs_with_each_provider_unless_it_is_about_some(tmp_path: Path) -> None:
    source = '@pytest.mark.rule("R2")\ndef test_a(studio): ...\n\n@pytest.mark.rule("R3")\ndef test_b(): ...\n'
    kept = '\n@pytest.mark.outside("apple")\n@pytest.mark.rule("R4")\ndef test_c(studio): ...\n'
    (tmp_path / "test_one.py").write_text(source + kept)
    assert set(reach(["."], tmp_path, "apple")) == {"R2", "R4"}
    assert set(reach(["."], tmp_path, "google")) == {"R2"}


def test_names_and_marks_both_tell_the_rule(tmp_path: Path) -> None:
    source = '@pytest.mark.rule("R2", "R5a")\nasync def test_r7_a(): ...\n\ndef test_plain(): ...\n'
    (tmp_path / "test_one.py").write_text(source)
    told = frozenset({"test_one.py::test_r7_a"})
    assert reach(["."], tmp_path) == {"R2": told, "R5a": told, "R7": told}


def test_an_id_that_is_no_rule_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_r99_a(): ...\n")
    with pytest.raises(ValueError, match="R99"):
        reach(["."], tmp_path)
