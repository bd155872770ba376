"""Identity tokens: JWTs signed with RS256 by a key that lives as long as the process.

Not here: what they say (each simulator).
"""

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

_KEY_ID: Final = "sandbox-1"


def signed(claims: dict[str, Any]) -> str:
    """A compact JWT (RFC 7515)."""
    header = {"alg": "RS256", "kid": _KEY_ID, "typ": "JWT"}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = _key().sign(text.encode(), padding.PKCS1v15(), SHA256())
    return f"{text}.{_encoded(signature)}"


def key_set() -> dict[str, Any]:
    """The public key as a JWK set (RFC 7517)."""
    numbers = _key().public_key().public_numbers()
    parts = {
        name: _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        for name, number in (("n", numbers.n), ("e", numbers.e))
    }
    return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": _KEY_ID, **parts}]}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
