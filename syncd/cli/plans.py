"""Plans in words for people: counts by action and rule, then each action with its field diffs; and plans as JSON.

Not here: what an action means (syncd.model.actions), why it was planned (RULES.md).
"""

from collections.abc import Sequence
from typing import Any, Final

import click

from syncd.cli.shown import interval, print_table
from syncd.model import (
    UNSEEN,
    Action,
    Adopt,
    AllDay,
    Change,
    Create,
    Delete,
    Hold,
    MakeCalendar,
    Plan,
    Recover,
    Release,
    Relink,
    SetOverride,
    Settle,
    Skip,
    Timed,
    Update,
    Value,
    digest_of,
)
from syncd.run import Result

HIDDEN: Final = "…"
_LONGEST: Final = 40
_MOST: Final = 200  # rows of a printed plan; --json has them all


def document(run: str, results: Sequence[Result], *, dry: bool) -> dict[str, Any]:
    """One pass as JSON: the same shape for a dry run and a real one, with the same digest for the same plans."""
    return {
        "run": run,
        "dry_run": dry,
        "plans": [_entry(result, dry=dry) for result in results],
        "digest": digest(results),
    }


def digest(results: Sequence[Result]) -> str:
    """Over all plans, in the order of their connections."""
    return digest_of({result.connection.id: result.plan.digest for result in results if result.plan is not None})


def _entry(result: Result, *, dry: bool) -> dict[str, Any]:
    plan = result.plan or Plan(result.connection.id, ())
    outcome = {} if dry else {"written": result.written, "failed": result.failed}
    return {
        **plan.to_json(),
        **outcome,
        "status": result.connection.status.value,
        "reason": None if result.connection.reason is None else result.connection.reason.value,
        "held": result.held,
        "skipped": result.skipped,
        "error": None if result.error is None else str(result.error),
    }


def print_plan(plan: Plan, *, show_text: bool) -> None:
    """Counts, then rows."""
    if not plan.actions:
        click.echo("nothing to do")
        return
    counts = sorted(plan.counts().items())
    print_table(("action", "rule", "count"), [(kind, rule, number) for (kind, rule), number in counts])
    shown = [action for action in plan.actions if not _is_quiet(action)]
    click.echo("")
    rows = [_row(action, show_text=show_text) for action in shown[:_MOST]]
    print_table(("action", "rule", "side", "item", "what"), rows)
    if len(shown) > _MOST:
        click.echo(f"and {len(shown) - _MOST} more: --json has them all")


def _is_quiet(action: Action) -> bool:
    """Whether counting it says enough: nothing happens to the item, nor is anything lost."""
    match action:
        case Skip():
            return not (action.listed or action.stays)
        case Settle():
            return not (action.listed or action.losers)
    return False


def _row(action: Action, *, show_text: bool) -> tuple[object, ...]:
    what = describe(action, show_text=show_text)
    return action.kind, action.why.value, _side(action), short(_item(action)), what


def short(name: str) -> str:
    """A long id by its beginning and end; --json has it whole."""
    return name if len(name) <= _LONGEST else f"{name[:18]}…{name[-16:]}"


def _side(action: Action) -> str:
    match action:
        case Create() | Update() | Delete() | Relink():
            return action.side.value
        case MakeCalendar():
            return "external"
        case SetOverride():
            return "wix"
        case Hold(actions=(first, *_)):
            return first.side.value
    return ""


def _item(action: Action) -> str:
    """The id by which the item is known on the side that is written; collections are left out."""
    match action:
        case Update() | Delete():
            return action.ref.id
        case Create():
            origin = action.link.refs[action.link.origin]
            return origin.id if origin is not None else action.item
        case Relink():
            return action.new.id
        case SetOverride():
            return action.session.id
        case Hold(actions=(first, *_)):
            return _item(first)
        case Adopt():
            ref = action.link.refs[action.link.origin]
            return ref.id if ref is not None else action.item
    return action.item.rpartition("|")[2]


def describe(action: Action, *, show_text: bool) -> str:
    """What an action does, in one line."""
    match action:
        case Create():
            title = value_text(action.event.title, show_text=show_text)
            return f"{title}, {value_text(action.event.when, show_text=show_text)}"
        case Update() | SetOverride():
            return _diffs(action.changes, show_text=show_text)
        case Delete():
            what = "the original" if action.original else "the former copy" if action.former else "the copy"
            return f"remove {what}"
        case Adopt():
            return "pair what lies on both sides already" + _lost(action)
        case Relink():
            return f"known as {action.new.id} from now on"
        case Hold():
            inner = "; ".join(f"{one.kind} {describe(one, show_text=show_text)}" for one in action.actions)
            return f"waits: {action.reason}: {inner}"
        case MakeCalendar():
            return "make the dedicated calendar"
        case Recover():
            return f"find out what became of write {action.write}"
        case Release() | Skip():
            return action.reason
        case Settle():
            return action.reason or "both sides agree"


def _lost(action: Adopt) -> str:
    return "; lost overrides: " + ", ".join(field.value for field in action.lost) if action.lost else ""


def _diffs(changes: Sequence[Change], *, show_text: bool) -> str:
    return "; ".join(_diff(change, show_text=show_text) for change in changes)


def _diff(change: Change, *, show_text: bool) -> str:
    before, after = (value_text(value, show_text=show_text) for value in (change.before, change.after))
    loser = "" if change.loser is UNSEEN else f" (instead of {value_text(change.loser, show_text=show_text)})"
    return f"{change.field.value}: {before} → {after}{loser}"


def value_text(value: Value, *, show_text: bool) -> str:
    """One field's value; texts only where they may be shown."""
    match value:
        case Timed() | AllDay():
            return interval(value)
        case bool():
            return "busy" if value else "free"
        case str():
            return f"“{value}”" if show_text else HIDDEN
        case None:
            return "empty"
    return "unseen"
