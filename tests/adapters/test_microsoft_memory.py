"""What Microsoft's library costs a running service: none of its models, and no more memory than a small machine has.

In processes of their own, as a measurement has them: the outside world, and whole passes of the product over it.
Not here: times and numbers of requests (benchmarks).
"""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.microsoft_rows import MEMORY
from benchmarks.passing import models
from benchmarks.stage import Cost, stage

EVENTS, PAGES = 1000, 5
DAY = 86_400
SOON = 660  # seconds: what we wrote ourselves is settled by then


def done(cost: Cost, operation: str) -> int:
    """How often it was asked of Microsoft, and done, alone or in a batch."""
    rows = cost.on("microsoft")
    return len([one for one in rows if one.operation == operation and one.status in (200, 201, 204)])


def test_a_pass_over_a_baseline_of_1000_events_takes_up_no_more_than_110_mib(tmp_path: Path) -> None:
    with stage(tmp_path / "mailbox", at="microsoft", events=EVENTS) as here:
        assert here.run().total("written") == EVENTS
        here.order(advance=DAY)
        cost = here.run()
    assert done(cost, "calendarView.delta") == PAGES, "the whole window was read"
    assert cost.total("written") == cost.total("failed") == cost.total("held") == 0
    assert 50 < cost.worst("peak") <= MEMORY


def test_passes_that_read_create_change_and_delete_load_none_of_the_librarys_models(tmp_path: Path) -> None:
    """On both sides, the later ones in one process as those of a service."""
    with stage(tmp_path / "mailbox", at="microsoft", sessions=30, events=60) as here:
        made = here.run()
        here.order(advance=SOON)
        here.order(move_own=3)
        here.order(delete_own=2)
        here.order(retitle=5)
        here.order(cancel=3)
        changed = here.run(3)
    assert (done(made, "events.create"), made.total("written")) == (30, 90)
    assert (done(changed, "events.update"), done(changed, "events.delete")) == (2, 3)
    assert done(changed, "events.get") > 0
    inside = changed.on("wix", write=True)
    assert any(one.method == "PATCH" for one in inside), "what was moved outside"
    assert any(one.path.endswith("/cancel") for one in inside), "what was deleted outside"
    passes = [*made.passes, *changed.passes]
    assert [one["models"] for one in passes] == [[], [], [], []]


def test_a_model_that_is_loaded_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """By where it lies, or by what it is: answers to some requests have models beside the request."""
    beside = ModuleType("msgraph.generated.users.item.delta_get_response")
    kind = type("Answer", (), {"get_field_deserializers": None, "__module__": beside.__name__})
    vars(beside)["Answer"] = kind
    builder = ModuleType("msgraph.generated.users.item.delta_request_builder")
    vars(builder)["Answer"] = kind  # merely imported there
    event = ModuleType("msgraph.generated.models.event")
    for module in (beside, builder, event):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert {beside.__name__, event.__name__} <= set(models())
    assert builder.__name__ not in models()
