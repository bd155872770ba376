"""The planted faults fit the tree as it is, and planting refuses what would prove nothing."""

from pathlib import Path

import pytest

from tests.planted.planting import FAULTS, ROOT, Fault, Piece, PlantingError, altered, faults, plant, read

# What the proof must at least be able to find.
REQUIRED = {
    "01-cursor-without-observations",
    "02-short-page-taken-as-gone",
    "03-outcome-before-the-call",
    "04-intent-after-the-call",
    "05-own-base-is-the-whole-answer",
    "06-both-bases-are-the-merged-value",
    "07-sides-compared-with-each-other",
    "08-key-not-sent",
    "09-fence-not-checked",
    "10-pending-dropped-on-stale",
    "11-approval-covers-what-is-new",
    "12-not-found-taken-as-cancelled",
    "13-mark-believed-on-a-copy",
    "14-replay-taken-for-an-edit",
    "15-lens-not-inverted",
    "16-private-title-stored",
    "28-google-id-not-from-the-key",
    "29-google-token-of-the-first-page",
    "30-google-token-without-its-rows",
    "31-google-update-without-its-version",
    "32-google-expired-token-is-no-news",
    "33-google-broken-listing-is-empty",
    "34-google-guests-are-told",
    "35-google-somebody-is-invited",
    "36-google-status-of-a-part-not-read",
    "37-google-refused-delete-is-done",
    "38-bearer-given-before-it-is-saved",
    "39-google-calendar-not-asked-afterwards",
    "40-microsoft-transaction-not-sent",
    "41-microsoft-key-not-looked-up",
    "42-removed-taken-as-gone",
    "43-microsoft-token-before-the-end",
    "44-microsoft-slim-row-without-texts",
    "45-microsoft-days-by-the-zone",
    "46-microsoft-page-without-preferences",
    "47-microsoft-failed-precondition-is-done",
    "48-microsoft-skipped-part-is-refused",
    "49-microsoft-mark-believed-on-a-copy",
    "50-microsoft-meeting-rewritten",
    "51-edit-in-an-answer-taken-for-its-form",
    "52-duplicate-deleted-for-its-mark",
}
HEAD = "what: something\nsuite: tests/rules\n\n"
DIFF = "--- a/one.py\n+++ b/one.py\n@@ -1,2 +1,2 @@\n ONE = 1\n-TWO = 2\n+TWO = 3\n"


def test_every_fault_that_must_be_found_is_there() -> None:
    assert {path.stem for path in FAULTS.glob("*.patch")} >= REQUIRED


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_each_fault_fits_the_tree_and_changes_it(fault: Fault) -> None:
    for path, text in altered(fault, ROOT).items():
        assert text != path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_each_suite_that_is_to_find_a_fault_exists(fault: Fault) -> None:
    places = [part for suite in fault.suites for part in suite.split() if part.startswith("tests")]
    assert places
    assert [place for place in places if not (ROOT / place.partition("::")[0]).exists()] == []


def test_a_fault_is_planted_where_its_lines_are_whatever_their_numbers(tmp_path: Path) -> None:
    fault, tree = made(tmp_path, DIFF), tmp_path / "tree"
    (tree / "one.py").write_text("# a line more\nONE = 1\nTWO = 2\nREST = 4\n")
    plant(fault, tree)
    assert (tree / "one.py").read_text() == "# a line more\nONE = 1\nTWO = 3\nREST = 4\n"


@pytest.mark.parametrize("text", ["ONE = 1\nTWO = 9\n", "ONE = 1\nTWO = 2\n" * 2], ids=["nowhere", "twice"])
def test_a_fault_that_does_not_fit_exactly_once_is_refused(tmp_path: Path, text: str) -> None:
    fault, tree = made(tmp_path, DIFF), tmp_path / "tree"
    (tree / "one.py").write_text(text)
    with pytest.raises(PlantingError, match=r"times in one\.py"):
        plant(fault, tree)
    assert (tree / "one.py").read_text() == text


def test_a_patch_without_a_suite_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fault.patch"
    path.write_text("what: something\n\n" + DIFF)
    with pytest.raises(PlantingError, match="its head needs"):
        read(path)


def test_nothing_is_planted_in_the_tree_itself() -> None:
    with pytest.raises(PlantingError, match="copies only"):
        plant(Fault("x", "", ("tests",), (Piece("syncd/run.py", "", ""),)), ROOT)


def made(folder: Path, diff: str) -> Fault:
    (folder / "tree").mkdir()
    path = folder / "fault.patch"
    path.write_text(HEAD + diff)
    return read(path)
