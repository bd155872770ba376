"""Addresses as the configuration has them. Not here: where requests may go (adapters.http)."""

from urllib.parse import urlsplit

from syncd.errors import ConfigError


def origin_of(url: str, section: str) -> str:
    """Scheme, host and port. Raises ConfigError, for the section that it stands in."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError([f"the addresses under [{section}] must begin with https://"])
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"
