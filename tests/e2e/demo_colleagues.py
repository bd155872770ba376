"""Steps of the demonstration that are alike at every account whose owner has consented.

Not here: the steps around the first staff member's account (demo_steps), how each account is read (demo_google,
demo_microsoft).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.e2e import demo_google, demo_microsoft
from tests.e2e.demo_mirror import is_block
from tests.e2e.demo_report import say
from tests.e2e.demo_stage import Stage
from tests.e2e.demo_values import Json, Shown, later, of_session
from tests.e2e.demo_wix import moved, titled

_RENAMED = "Class in the park"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Whoever has an account at a provider: `where` it is, what it is, and the schedule connected with it."""

    where: str
    account: Callable[[Stage], Any]
    staff: Callable[[Stage], Json]
    body: Callable[[Shown], Json]

    def edit_outside(self, stage: Stage) -> None:
        session = self._free_class(stage)
        entry = self._entry(stage, session)
        wanted = replace(later(of_session(session), 30), title=_RENAMED)
        who = self.account(stage).email
        say(f"  by hand at {self.where}, {who}: “{entry.shown}” gets another title and is moved by 30 minutes")
        self.account(stage).change(entry, self.body(wanted))
        stage.sync()
        found = of_session(stage.wix.event(session["id"]))
        stage.report.check(f"in Wix: {wanted}", f"in Wix: {found}")
        stage.check_everything()

    def edit_in_wix(self, stage: Stage) -> None:
        session = titled(stage.sessions(self.staff(stage)), _RENAMED)
        say(f"  by hand in Wix: “{of_session(session)}” is moved by an hour")
        stage.wix.change(session, moved(session, 60))
        stage.sync()
        wanted, found = later(of_session(session), 60), self._entry(stage, stage.wix.event(session["id"])).shown
        stage.report.check(f"at {self.where}: {wanted}", f"at {self.where}: {found}")
        stage.check_everything()

    def occurrence_deleted(self, stage: Stage) -> None:
        series = [one for one in self._entries(stage) if one.shown.title == "Lunch run"]
        second = series[1]
        say(f"  by hand at {self.where}: one occurrence of a series is deleted: “{second.shown}”")
        self.account(stage).remove(second)
        say("  an original is gone when a second pass confirms it")
        left = []
        for _ in range(2):
            stage.sync()
            blocks = [event for event in stage.sessions(self.staff(stage)) if event["title"] == "Lunch run"]
            left.append(len(blocks))
        stage.report.check(
            f"its blocks in Wix: {len(series)}, then {len(series) - 1}", f"its blocks in Wix: {left[0]}, then {left[1]}"
        )
        stage.check_everything()

    def _entries(self, stage: Stage) -> Sequence[Any]:
        found: Sequence[Any] = self.account(stage).entries(*stage.window())
        return found

    def _entry(self, stage: Stage, session: Json) -> Any:
        """The only copy in the account that shows a session."""
        wanted = stage.titles.shown(session)
        (found,) = [one for one in self._entries(stage) if one.ours and one.shown == wanted]
        return found

    def _free_class(self, stage: Stage) -> Json:
        """The first session that nobody has booked, at least a day ahead, shown under its own title."""
        soon = stage.now() + timedelta(days=1)
        found = (
            event
            for event in stage.sessions(self.staff(stage))
            if not is_block(event) and not event["participants"]["total"] and stage.titles.instead(event) is None
        )
        return next(event for event in found if datetime.fromisoformat(event["start"]["utcDate"]) > soon)


def _at_google(wanted: Shown) -> Json:
    return {"summary": wanted.title, **demo_google.edges(*_moments(wanted))}


def _at_microsoft(wanted: Shown) -> Json:
    return {"subject": wanted.title, **demo_microsoft.edges(*_moments(wanted))}


def _moments(shown: Shown) -> tuple[datetime, datetime]:
    assert isinstance(shown.start, datetime)
    assert isinstance(shown.end, datetime)
    return shown.start, shown.end


GOOGLE = Colleague("Google", lambda stage: stage.google, lambda stage: stage.colleague, _at_google)
MICROSOFT = Colleague("Microsoft", lambda stage: stage.microsoft, lambda stage: stage.partner, _at_microsoft)


def read_only_calendar(stage: Stage) -> None:
    """What lies in a selected calendar that may only be read blocks time, and stays as it is."""
    entries = [one for one in stage.microsoft.entries(*stage.window()) if one.lying.busy and not one.can_edit]
    say(f"  in a calendar of {stage.microsoft.email} that may only be read: {len(entries)} events that take time")
    blocks = [of_session(event) for event in stage.sessions(stage.partner) if is_block(event)]
    wanted = ", ".join(sorted(str(one.shown) for one in entries)) or "at least one"
    found = ", ".join(sorted(str(one.shown) for one in entries if one.shown in blocks))
    stage.report.check(f"their blocks in Wix: {wanted}", f"their blocks in Wix: {found}")
    session = next(event for event in stage.sessions(stage.partner) if of_session(event) == entries[0].shown)
    say(f"  by hand in Wix: the block “{of_session(session)}” gets another title")
    stage.wix.change(session, {"title": "Not mine to change"})
    stage.forget_requests()
    stage.sync()
    told = [row["path"] for row in stage.microsoft.control("GET", "log")["requests"] if row["write"]]
    stage.report.check("writing requests at Microsoft: 0", f"writing requests at Microsoft: {len(told)}")
    found = str(of_session(stage.wix.event(session["id"])))
    stage.report.check(f"in Wix again: {entries[0].shown}", f"in Wix again: {found}")
    stage.check_everything()
