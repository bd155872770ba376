"""The reading half of External Calendars V2: the site's providers and its connections to calendars outside.

Not here: connecting, disconnecting and listing imported events; rows are seeded, never computed.
"""

from syncd.sandbox.wix.errors import Json, WixError, invalid
from syncd.sandbox.wix.state import Site


def check_premium(site: Site) -> None:
    """403 with the documented code when the site's plan does not include the feature."""
    if not site.switches["premium"]:
        raise WixError(403, "the site has no suitable plan", "PREMIUM_FEATURE_NOT_ENABLED")


def providers(site: Site) -> Json:
    """`GET /providers`."""
    return {"providers": site.providers}


def connections(site: Site, schedule_ids: list[str], partial: str) -> Json:
    """`GET /connections`. An unreadable provider fails the call unless `partial` is true."""
    if partial not in ("true", "false"):
        raise invalid("partialFailure", "must be true or false", "TYPE")
    failed = site.failed_provider_ids
    if failed and partial == "false":
        raise WixError(503, "a provider could not be read")
    rows = [
        row
        for row in site.connections
        if row.get("providerId") not in failed and (not schedule_ids or row.get("scheduleId") in schedule_ids)
    ]
    return {"connections": rows, "failedProviderIds": failed}
