"""Which hosts may be sent a password: the configured one, and those below the same registered domain.

There is no list of public suffixes here that would stay current; what follows errs towards refusing. A refused host is
one that a person may configure. Not here: where discovery leads (account), the requests themselves (client).
"""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from adapters.apple.client import origin_of

# Second-level labels under which registries of countries register.
_LEVELS: Final = frozenset({"ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "gv", "ltd", "mil", "ne", "net",
                            "nom", "or", "org", "plc", "sch"})  # fmt: skip
# Domains of which every name below belongs to somebody else: dynamic names and rented servers.
_RENTED: Final = frozenset({
    "amazonaws.com", "azurewebsites.net", "cloudfront.net", "ddns.net", "dedyn.io", "duckdns.org", "dynu.net",
    "dyndns.org", "dynv6.net", "feste-ip.net", "firewall-gateway.com", "fly.dev", "freeddns.org", "github.io",
    "herokuapp.com", "hopto.org", "mooo.com", "myds.me", "myfritz.net", "myqnapcloud.com", "netlify.app",
    "ngrok-free.app", "ngrok.io", "no-ip.org", "nsupdate.info", "onrender.com", "pages.dev", "selfhost.eu", "spdns.org",
    "synology.me", "ts.net", "trycloudflare.com", "vercel.app", "web.app", "workers.dev", "zapto.org",
})  # fmt: skip


def is_trusted(entry: str, url: str) -> bool:
    """Whether the password for the configured address may go to this one, which a server named.

    The same origin; over https another port, or a host of the same registered domain, such as a partition of iCloud's;
    and from one loopback address to another, where nothing leaves the machine.
    """
    if origin_of(entry) == origin_of(url):
        return True
    known, named = urlsplit(entry), urlsplit(url)
    if _is_loopback(known.hostname):
        return _is_loopback(named.hostname)
    return _is_https(known) and _is_https(named) and domain_of(known.hostname) == domain_of(named.hostname)


def domain_of(host: str | None) -> str:
    """The registered domain of a host; the host itself where none can be told, as of an address by numbers."""
    name = (host or "").rstrip(".").lower()
    labels = name.split(".")
    if len(labels) < 3 or not all(labels) or _is_number(name):
        return name
    country = len(labels[-1]) == 2 and (labels[-2] in _LEVELS or len(labels[-2]) <= 2)
    shared = country or ".".join(labels[-2:]) in _RENTED
    return ".".join(labels[-3:] if shared else labels[-2:])


def _is_https(parts: SplitResult) -> bool:
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str | None) -> bool:
    return host == "localhost" or (_is_number(host or "") and ipaddress.ip_address(host or "").is_loopback)
