"""The configuration of one installation, as an operator writes it: a site, a calendar server, a store and a key file.

For tests that start a studio of their own and for the measurements. Not here: who serves these addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from syncd.secrets import write_file

_TEXT: Final = """\
bridge_id = "{bridge}"
[store]
url = "{store}"
[secrets]
key_file = "syncd.key"
[wix]
base_url = "{site.base_url}"
app_id = "{site.app_id}"
app_secret = "{site.app_secret}"
[[wix.sites]]
instance_id = "{site.instance_id}"
[apple]
url = "{calendars}"
[policy]
{policy}
"""


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """How the app reaches the site."""

    base_url: str
    app_id: str
    app_secret: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """`calendars`: the address of the calendar server. `policy`: what stands in `[policy]`."""

    bridge: str
    site: SiteAccess
    calendars: str
    store: str
    policy: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """The file, with a key file beside it unless there is one. Written again, it replaces the file alone."""
        if not (folder / "syncd.key").exists():
            write_file(folder / "syncd.key")
        file = folder / "syncd.toml"
        policy = "\n".join(f"{key} = {f'{value!r}'.lower()}" for key, value in self.policy.items())
        text = _TEXT.format(
            bridge=self.bridge, site=self.site, calendars=self.calendars, store=self.store, policy=policy
        )
        file.write_text(text)
        return file
