"""The same day with two mailboxes at Microsoft: default calendars imported, copies in calendars of ours.

Not here: what goes wrong (the tests).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from syncd.sandbox.microsoft import MicrosoftState
from syncd.sandbox.microsoft.values import Account
from tests.baddays.remote.account_day import AccountDay
from tests.e2e.microsoft_person import MicrosoftPerson
from tests.e2e.studio import ZONE


@dataclass(slots=True)
class MicrosoftDay(AccountDay):
    @property
    def microsoft(self) -> MicrosoftPerson:
        """Anna."""
        return self.studio.microsoft

    @property
    def anna_outside(self) -> MicrosoftPerson:
        return self.microsoft

    @property
    def state(self) -> MicrosoftState:
        return self.microsoft.server.state

    @property
    def mailbox(self) -> Account:
        """Anna's."""
        return self.state.accounts[self.studio.email]

    def new_person(self, email: str) -> MicrosoftPerson:
        return MicrosoftPerson(email, ZONE, self.microsoft.server)

    def annas(self) -> Iterable[str]:
        """Rounds name a calendar in their links, and it alone."""
        return [self.studio.email, *(quote(calendar, safe="") for calendar in self.microsoft.listed())]

    def refresh_token(self) -> str:
        """Anna's newest one."""
        tokens = self.state.authority.refresh_tokens.items()
        return [text for text, token in tokens if token.grant.email == self.studio.email][-1]

    def refuse_renewal(self, code: int) -> None:
        """The authority renews no token of Anna's any more, with this AADSTS number; the present one has run out."""
        match = {"path": "/oauth2/v2.0/token$", "body": self.refresh_token()}
        self.microsoft.plant({"refuse_token": {"code": code}}, match, times=-1)
        self.studio.clock.advance(3600)
        self.studio.forget_requests()
