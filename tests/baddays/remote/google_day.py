"""The same day with two accounts at Google: primary calendars, both ways.

Not here: what goes wrong (the tests).
"""

from dataclasses import dataclass

from syncd.sandbox.google import GoogleState
from tests.baddays.remote.account_day import AccountDay
from tests.e2e.google_person import GooglePerson
from tests.e2e.studio import ZONE


@dataclass(slots=True)
class GoogleDay(AccountDay):
    @property
    def google(self) -> GooglePerson:
        """Anna."""
        return self.studio.google

    @property
    def anna_outside(self) -> GooglePerson:
        return self.google

    @property
    def state(self) -> GoogleState:
        return self.google.server.state

    def new_person(self, email: str) -> GooglePerson:
        return GooglePerson(email, ZONE, self.google.server)
