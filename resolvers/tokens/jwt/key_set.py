"""Keys that verify signatures: a JSON Web Key Set (RFC 7517), or one secret."""

from hashlib import sha256
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError

from models.jwt_settings import PUBLIC_KEY_ALGORITHMS, SECRET_ALGORITHMS
from resolvers.tokens.jwt.strict_json import parse_object

MAX_KEYS: Final = 100
RSA_BITS: Final = range(2048, 8193)  # a longer key would make each signature expensive
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ALGORITHMS: Final[dict[tuple[str | None, str | None], frozenset[str]]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
"""By type and curve of the key. No symmetric key: a key set is public."""

# `none` is not among the algorithms at all.
_jws: Final = PyJWS([*PUBLIC_KEY_ALGORITHMS, *SECRET_ALGORITHMS], {"enforce_minimum_key_length": True})


class UnusableKey(ValueError):
    """The key cannot verify signatures here."""


class VerificationKey(NamedTuple):
    id: str | None
    """`kid`; None fits tokens with any."""
    algorithms: frozenset[str]
    """Those that fit its type: it is tried with no other."""
    value: Any
    thumbprint: str

    def verify(self, token: str, algorithm: str) -> bytes:
        """Return the payload of a token. Raises PyJWTError if the key did not sign it."""
        payload: bytes = _jws.decode(token, self.value, [algorithm])
        return payload


class KeySet(NamedTuple):
    keys: tuple[VerificationKey, ...] = ()
    thumbprints: frozenset[str] = frozenset()
    unusable: tuple[str, ...] = ()
    """Why the other keys are not used."""

    def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Return the only key that fits; a token without an id may be of any."""
        fitting = (key for key in self.keys if algorithm in key.algorithms)
        found = [key for key in fitting if key_id is None or key.id in (None, key_id)]
        return found[0] if len(found) == 1 else None


def secret_key(secret: str) -> KeySet:
    """Return the set of one secret, which has no id.

    Raises:
        UnusableKey: it looks like a public key.
    """
    value = secret.encode()
    try:
        _jws.get_algorithm_by_name(SECRET_ALGORITHMS[0]).prepare_key(value)
    except PyJWTError as error:
        raise UnusableKey("it looks like a public key") from error
    thumbprint = sha256(value).hexdigest()
    return KeySet((VerificationKey(None, frozenset(SECRET_ALGORITHMS), value, thumbprint),), frozenset({thumbprint}))


def parse_key_set(text: bytes) -> KeySet:
    """Parse a JSON Web Key Set. Keys that are not for signatures, or not safe, are left out.

    Raises:
        ValueError: it is malformed, or no key can be used.
    """
    members = parse_object(text).get("keys")
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise ValueError(f"it is not a JSON Web Key Set of at most {MAX_KEYS} keys")
    keys, unusable = [], []
    for member in members:
        try:
            keys.append(_parse_key(member))
        except UnusableKey as error:
            unusable.append(str(error))
    if not keys:
        raise ValueError(f"it has no key for signatures{''.join(f'; {reason}' for reason in unusable[:1])}")
    return KeySet(tuple(keys), frozenset(key.thumbprint for key in keys), tuple(unusable))


def _parse_key(member: Any) -> VerificationKey:
    if not isinstance(member, dict):
        raise UnusableKey("a key is not an object")
    key_id, type_, curve = member.get("kid"), member.get("kty"), member.get("crv")
    if not all(isinstance(each, str | None) for each in (key_id, type_, curve)):
        raise UnusableKey("a key has an id, type or curve that is not text")
    algorithms = _ALGORITHMS.get((type_, curve if type_ != "RSA" else None), frozenset())
    if "alg" in member:
        algorithms &= {member["alg"]} if isinstance(member["alg"], str) else frozenset()
    if not algorithms:
        raise UnusableKey("a key has another type or algorithm")
    if "d" in member:
        raise UnusableKey("a key is private")
    operations = member.get("key_ops", ["verify"])
    if member.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKey("a key is not for signatures")
    try:
        value = PyJWK(member, min(algorithms)).key
    except (PyJWTError, ValueError, TypeError, KeyError) as error:
        raise UnusableKey("a key is malformed") from error
    if type_ == "RSA" and value.key_size not in RSA_BITS:
        raise UnusableKey(f"an RSA key has {value.key_size} bits, not {RSA_BITS[0]} to {RSA_BITS[-1]}")
    encoded = value.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return VerificationKey(key_id, algorithms, value, sha256(encoded).hexdigest())
