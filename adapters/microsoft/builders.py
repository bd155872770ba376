"""What of msgraph-sdk is used: its request builders, its hook for bearers, its encoding of ids. Imported when needed.

The library sends nothing, opens no client and loads none of its models, which cost 4 to 7 ms an event
(reference/microsoft.md, 7). Not here: sending (client), what is asked (account, listing, writing).
"""

import threading
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

_USER: Final = "msgraph.generated.users.item"
# The library imports these by itself when they are first asked for.
_LATER: Final = (
    "calendars.calendars_request_builder",
    "calendars.item.calendar_item_request_builder",
    "calendars.item.calendar_view.calendar_view_request_builder",
    "calendars.item.events.events_request_builder",
    "calendars.item.events.item.event_item_request_builder",
    "events.events_request_builder",
    "events.item.event_item_request_builder",
    "events.item.calendar.calendar_request_builder",
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it warns of classes of its own, as it defines them
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.users.item.calendars.item.calendar_view.delta.delta_request_builder import (
        DeltaRequestBuilder,
    )
    from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

    for _name in _LATER:
        import_module(f"{_USER}.{_name}")

Bearer = Callable[[str], Awaitable[str]]
_ME: Final = "me-token-to-replace"  # as GraphServiceClient.me has it; its middleware, which we do not run, replaces it
_REFUSED: Final = "refused"
_building = threading.Lock()


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the library built it, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class _Unsent:
    """What builders need in place of an adapter: it writes bodies, and sends nothing."""

    def get_serialization_writer_factory(self) -> "_Unsent":
        return self

    def get_serialization_writer(self, _content_type: str) -> "_Writer":
        return _Writer()


class _Writer:
    """Writes one body: plain JSON values, not the library's models."""

    def __init__(self) -> None:
        self._value: object = None

    def write_object_value(self, _key: str | None, value: object) -> None:
        self._value = value

    def get_serialized_content(self) -> bytes:
        return msgspec.json.encode(self._value, order="deterministic")


@cache
def _me(root: str) -> UserItemRequestBuilder:
    return UserItemRequestBuilder(_Unsent(), {"baseurl": root, "user%2Did": _ME})  # type: ignore[arg-type]


def me(root: str) -> Any:
    """The builder of everything that belongs to the account, below a root. May be called from any thread."""
    with _building:
        return _me(root)


def followed(root: str, link: str) -> RequestInformation:
    """The request for a link of an answer, sent unchanged."""
    with _building:
        built = _me(root).request_adapter
    return DeltaRequestBuilder(built, link).to_get_request_information()


def asking(builder: Any, **query: Any) -> RequestInformation:
    """A GET with these query parameters, by their names in the library."""
    kind = type(builder)
    parameters = getattr(kind, f"{kind.__name__}GetQueryParameters")(**query)
    built: RequestInformation = builder.to_get_request_information(RequestConfiguration(query_parameters=parameters))
    return built


def request(information: RequestInformation, root: str) -> Request:
    """What was built. The library names the account of the bearer by a word that stands for `/me`."""
    url = information.url
    if url.startswith(f"{root}/users/{_ME}"):
        url = f"{root}/me{url.removeprefix(f'{root}/users/{_ME}')}"
    method = information.http_method
    headers = information.request_headers or {}
    return Request(method.value if method is not None else "GET", url, headers, information.content)


class _Source(AccessTokenProvider):
    """Bearers for our own host, and for no other."""

    def __init__(self, root: str, bearer: Bearer) -> None:
        self._hosts = AllowedHostsValidator([urlsplit(root).hostname or "nowhere.invalid"])
        self._bearer = bearer

    async def get_authorization_token(
        self,
        uri: str,
        additional_authentication_context: dict[str, Any] = {},  # noqa: B006 - the library's own signature
    ) -> str:
        if not self._hosts.is_url_host_valid(uri):
            return ""
        return await self._bearer(additional_authentication_context.get(_REFUSED, ""))

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


class Doorman:
    """The library's hook that puts a bearer on requests. `bearer`: a fresh one that is not the one that was refused."""

    def __init__(self, root: str, bearer: Bearer) -> None:
        self._hook = BaseBearerTokenAuthenticationProvider(_Source(root, bearer))

    async def authorization(self, url: str, refused: str = "") -> str:
        """The value of the header for this address, "" for a host that gets none."""
        information = RequestInformation()
        information.url = url
        await self._hook.authenticate_request(information, {_REFUSED: refused})
        return (information.request_headers or {}).get("authorization", "")
