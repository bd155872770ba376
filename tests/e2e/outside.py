"""An account at the calendar server, used and read past the product: plain HTTP, objects as text.

Not here: the account as syncd sees it.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

import httpx


@dataclass(slots=True)
class Outside:
    """An account at Radicale, used as a calendar app of its owner would: past the proxy."""

    web: httpx.AsyncClient
    root: str

    async def objects(self, calendar: str) -> dict[str, str]:
        """File name → text of every object in a calendar."""
        answer = await self.web.request("PROPFIND", self.root + calendar, headers={"depth": "1"})
        assert answer.status_code == 207, answer.text
        hrefs = re.findall(r"<href>([^<]+\.ics)</href>", answer.text)
        return {unquote(href.rsplit("/", 1)[1]): (await self.web.get(href)).text for href in hrefs}

    async def calendars(self) -> list[str]:
        """The calendars of the account, by id."""
        answer = await self.web.request("PROPFIND", self.root, headers={"depth": "1"})
        hrefs = [unquote(href) for href in re.findall(r"<href>([^<]+)</href>", answer.text)]
        own = unquote(self.root)
        return sorted({href.removeprefix(own) for href in hrefs if href.startswith(own) and href != own})

    async def put(self, calendar: str, name: str, text: str | bytes) -> None:
        content = text.encode() if isinstance(text, str) else text
        answer = await self.web.put(f"{self.root}{calendar}{name}", content=content)
        assert answer.status_code in (201, 204), answer.text

    async def edit(self, calendar: str, name: str, *changes: tuple[str, str]) -> None:
        """Replace text in an object; every pattern must be there. Lines are unfolded first (RFC 5545, 3.1)."""
        text = unfolded((await self.web.get(f"{self.root}{calendar}{name}")).text)
        for pattern, new in changes:
            assert re.search(pattern, text), f"{pattern} is not in\n{text}"
            text = re.sub(pattern, new, text)
        await self.put(calendar, name, text)

    async def remove(self, calendar: str, name: str = "") -> None:
        answer = await self.web.delete(f"{self.root}{calendar}{name}")
        assert answer.status_code in (200, 204), answer.text


def unfolded(text: str) -> str:
    return re.sub(r"\r?\n[ \t]", "", text)


def lines(text: str, name: str) -> list[str]:
    """The values of a property in the VEVENTs of an object."""
    inside = "".join(re.findall(r"BEGIN:VEVENT.*?END:VEVENT", unfolded(text), re.DOTALL))
    return [value.strip() for value in re.findall(rf"^{name}(?:;[^:\r\n]*)?:(.*)$", inside, re.MULTILINE)]
