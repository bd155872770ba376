"""What lies on both sides when reads begin to lie over the real adapters, and what a copy shows in the end.

Not here: the lies (liars), what they must not lead to (test_site, test_outside).
"""

from collections.abc import Mapping
from typing import Any

from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local


async def retitled_session(studio: Studio) -> str:
    """A session named "Power yoga" whose copy shows "Yoga" still; its id."""
    await studio.connect()
    ref = studio.session("Yoga")
    await studio.sync()
    studio.edit(ref, title="Power yoga")
    return ref


async def retitled_copy(studio: Studio, **body: Any) -> str:
    """A session named "Yoga" whose copy was named "Mine"; the id of the session."""
    await studio.connect()
    ref = studio.session("Yoga", **body)
    await studio.sync()
    await studio.edit_copy("Yoga", ("SUMMARY:Yoga", "SUMMARY:Mine"))
    return ref


async def event_with_block(studio: Studio) -> str:
    """An event from three o'clock on, and its block; its file name."""
    await studio.connect()
    name = await studio.event("Dentist", local(1, "15:00"))
    await studio.settle(2)
    return name


async def moved_event(studio: Studio) -> str:
    """The same, put off to four o'clock; its block has not followed yet."""
    name = await event_with_block(studio)
    await studio.event("Dentist", local(1, "16:00"))
    return name


async def deleted_event(studio: Studio) -> str:
    """An event that is no longer there; its block still is."""
    name = await event_with_block(studio)
    await studio.outside.remove("home/", name)
    return name


async def warmed_up(studio: Studio) -> str:
    """A session with its copy, so that the next one is not the first; its id."""
    await studio.connect()
    ref = studio.session("Warm-up", local(1, "08:00"))
    await studio.settle(2)
    return ref


async def copies(studio: Studio) -> Mapping[str, str]:
    """Shown title → text of every exported event."""
    return {lines(text, "SUMMARY")[0]: text for text in (await studio.exported()).values()}
