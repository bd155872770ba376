"""Every known way in which a CalDAV server differs from the RFCs, as a named switch; the defaults are the RFCs' server.

`evidence` has the marks of reference/caldav.md: M measured, H the caldav library's table, I an issue, R an RFC, A pages
of Apple. Not here: which server does what (`profiles.py`), and what a switch does, which is read where it lives.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from syncd.sandbox.caldav.object_switches import OBJECT_SWITCHES
from syncd.sandbox.caldav.profiles import MEANING
from syncd.sandbox.caldav.report_switches import REPORT_SWITCHES
from syncd.sandbox.caldav.switch import BOOL, Documented
from syncd.sandbox.control import ControlError
from syncd.sandbox.switching import Switches

FRAME: Final[Mapping[str, Documented]] = {
    "layout": Documented(
        "dsid",
        "addresses: /<number>/principal/ and /<number>/calendars/, or all of an account below /<user>/",
        ("dsid", "flat"),
        evidence="I caldav#3; M Radicale",
    ),
    "home_host": Documented(
        "entry",
        "the calendar home: a path on the host that was asked, or an absolute URL on the account's partition host",
        ("entry", "partition"),
        evidence="I caldav#3, H",
    ),
    "hrefs": Documented(
        "path",
        "hrefs of rows: paths, or absolute URLs on the entry host or on the host that was asked",
        ("path", "entry", "absolute"),
        evidence="H",
    ),
    "href_at": Documented("%40", "how an @ in a path is written in hrefs", ("%40", "@"), evidence="reference 3"),
    "entry_calendars": Documented(
        "served",
        "a request for calendars at the entry host where they lie on a partition",
        ("served", "301", "404", "421"),
        evidence="H, reference 1",
        careless=True,
    ),
    "moved_status": Documented(
        "421",
        "a request at a partition host for an account that has moved to another",
        ("421", "404", "301"),
        evidence="reference 1",
        careless=True,
    ),
    "host_check": Documented(
        False, "421 for a Host header that names none of the hosts", BOOL, evidence="R 9110, 7.4", careless=True
    ),
    "well_known": Documented(
        "redirect",
        "/.well-known/caldav: 301 to the root, 401 whatever the password, or 404",
        ("redirect", "401", "404"),
        evidence="R 6764; I vdirsyncer#855",
        careless=True,
    ),
    "challenge": Documented(
        "basic",
        "401: Basic of this server, or X-MobileMe-AuthToken and Basic, both of the realm MMCalDav",
        ("basic", "mobileme"),
        evidence="H, I vdirsyncer#838",
        careless=True,
    ),
    "passwords": Documented(
        "any",
        "the account's own password is good too, or app-specific ones alone",
        ("any", "app_specific"),
        evidence="A",
        careless=True,
    ),
    "anonymous_root": Documented(
        False, "the root answers a PROPFIND without credentials", BOOL, evidence="M Cyrus", careless=True
    ),
    "principal_depth_1": Documented(
        "207", "PROPFIND with Depth 1 on a principal", ("207", "400"), evidence="H", careless=True
    ),
    "depth_infinity": Documented(
        "403",
        "PROPFIND of infinite depth: refused, or taken for Depth 1",
        ("403", "as_1"),
        evidence="R 4918, 9.1; M",
        careless=True,
    ),
    "allprop_resourcetype": Documented(True, "allprop returns resourcetype", BOOL, evidence="H", careless=True),
    "extra_propstat": Documented(
        "no",
        "rows have a second propstat of 404 with an empty element for everything asked, or a bare one without any",
        ("no", "repeats", "bare"),
        evidence="I AndroidCaldavSyncAdapter#186, org-caldav#305",
    ),
    "xml_form": Documented(
        "prefixed",
        "namespaces: by prefix, DAV: as the default, or declared anew in each property",
        ("prefixed", "default", "mixed"),
        evidence="reference 4",
    ),
    "other_collections": Documented(
        False, "the home lists an inbox, an outbox and notifications beside calendars", BOOL, evidence="reference 1"
    ),
    "principal_name": Documented(True, "principals have a display name", BOOL, evidence="M Radicale"),
    "calendar_etag": Documented(
        False, "calendars have an ETag of their own", BOOL, evidence="M Radicale", careless=True
    ),
    "ctag": Documented(True, "collections have a getctag", BOOL, evidence="reference 2", careless=True),
    "scheduling": Documented(
        False, "guests are mailed on PUT and DELETE (calendar-auto-schedule)", BOOL, evidence="R 6638", careless=True
    ),
    "busy_every": Documented(
        0, "so many requests are answered, then some are 503; 0 = never", evidence="I calcurse#408"
    ),
    "busy_for": Documented(2, "how many requests then are 503", evidence="I calcurse#408"),
    "busy_status": Documented("503", "the status of a busy server", ("503", "429"), evidence="I GAS-ICS-Sync#312"),
    "retry_after": Documented(1, "seconds in its Retry-After; 0 = no such header", evidence="reference 5"),
}
"""Those of the frame: discovery, access, XML, load."""

SWITCHES: Final[Mapping[str, Documented]] = {**FRAME, **OBJECT_SWITCHES, **REPORT_SWITCHES}


@dataclass(slots=True)
class CountedSwitches(Switches):
    """Switches on top of a profile's settings, and how often each made an answer other than the RFCs' server's.

    `profiles` names settings by profile; `reset` goes back to the settings of the present one.
    """

    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profile: str = ""
    fired: Counter[str] = field(default_factory=Counter)

    def __getitem__(self, name: str) -> Any:
        base = self.profiles.get(self.profile, {})
        return self._values.get(name, base.get(name, self.known[name].default))

    def take(self, profile: str) -> None:
        """The settings of a profile and nothing else, counted from 0. Raises ControlError for an unknown one."""
        if profile not in self.profiles:
            raise ControlError(f"unknown profile {profile} (known: {', '.join(sorted(self.profiles))})")
        self.reset()
        self.profile = profile
        self.fired.clear()

    def fire(self, name: str) -> None:
        """Count that the setting of a switch was what an answer came from; at its default it is not counted."""
        if self[name] != self.known[name].default:
            self.fired[name] += 1

    def fires(self, name: str, *values: object) -> bool:
        """Whether the setting is one of these; counted if so."""
        if self[name] not in values:
            return False
        self.fire(name)
        return True

    def changed(self) -> frozenset[str]:
        """The switches that are not at their defaults."""
        return frozenset(name for name, switch in self.known.items() if self[name] != switch.default)

    def to_json(self) -> dict[str, Any]:
        """Present values, what each means, from what it is known, and how often each that is changed has `fired`.

        `careless`: switches whose never firing says nothing against a run.
        """
        told = Switches.to_json(self)
        for name, about in told["known"].items():
            known = SWITCHES[name]
            about["evidence"], about["careless"] = known.evidence, known.careless
        fired = {name: self.fired[name] for name in sorted(self.changed() | set(self.fired))}
        return {**told, "profile": self.profile, "profiles": dict(MEANING), "fired": fired}
