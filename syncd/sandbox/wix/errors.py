"""Failures as Wix words them: an HTTP status and the `message` + `details` envelope.

Not here: OAuth failures, which have the shape of RFC 6749 (`access.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks one rule; `field` is a dotted path into the request."""

    field: str
    description: str
    rule: str

    def to_json(self) -> Json:
        """As it stands in `validationError.fieldViolations`."""
        return {
            "field": self.field,
            "description": self.description,
            "violatedRule": self.rule,
            "ruleName": self.rule,
            "data": {},
        }


class WixError(Exception):
    """A refusal. Without code and violations the details stay empty, as in system errors."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        violations: Sequence[Violation] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.violations = tuple(violations)
        self.headers = headers or {}

    def envelope(self) -> Json:
        """The body of the reply."""
        details: Json = {}
        if self.violations:
            details = {"validationError": {"fieldViolations": [v.to_json() for v in self.violations]}}
        elif self.code is not None:
            details = {"applicationError": {"code": self.code, "description": self.message, "data": {}}}
        return {"message": self.message, "details": details}

    def item_error(self) -> Json:
        """As it stands in a bulk result's `itemMetadata.error`."""
        code = self.code or ("INVALID_ARGUMENT" if self.status == 400 else str(self.status))
        return {
            "code": code,
            "description": self.message,
            "data": {"fieldViolations": [v.to_json() for v in self.violations]},
        }


def invalid(field: str, description: str, rule: str = "OTHER") -> WixError:
    """400 for one field."""
    return WixError(400, f"{field} {description}", violations=[Violation(field, description, rule)])


def not_found(what: str, ref: str) -> WixError:
    """404 for an entity this site does not have."""
    return WixError(404, f"{what} {ref} not found", f"{what.upper()}_NOT_FOUND")


def stale(ref: str) -> WixError:
    """409: the revision sent is not the current one."""
    return WixError(409, f"revision of {ref} is not the current one", "REVISION_MISMATCH")


def forbidden(message: str) -> WixError:
    """403: a permission is missing."""
    return WixError(403, message, "PERMISSION_DENIED")
