"""Provider folders, and the registry that finds them by entry point, so that others can ship one too.

Not here: what a provider needs to be made (its own `create`), the port (`syncd.ports`).
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from syncd.errors import ConfigError

GROUP: Final = "syncd.adapters"


@cache
def load(name: str) -> Callable[..., Any]:
    """The `create` of an installed provider; imports its folder. Raises ConfigError, listing the installed names.

    What is installed is read once: it costs some milliseconds and changes only with the environment.
    """
    found = entry_points(group=GROUP)
    if name not in found.names:
        raise ConfigError([f"no adapter is called {name!r}; installed: {', '.join(sorted(found.names)) or 'none'}"])
    create: Callable[..., Any] = found[name].load()
    return create
