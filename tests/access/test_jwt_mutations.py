"""Mutated JSON Web Tokens: none is accepted."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from main import Settings
from resolvers.tokens.jwt.key_set import parse_key_set
from resolvers.tokens.jwt.key_source import KeySource
from resolvers.tokens.jwt.verifier import JwtVerifier
from tests.access.identity_provider import SETTINGS, key_set, signer
from tests.api_client import FakeClock

SIGNERS: Final = [signer(algorithm.lower(), algorithm) for algorithm in ("RS256", "PS256", "ES256", "EdDSA")]
TOKENS: Final = [each.token(sub=subject) for each in SIGNERS for subject in ("user-1", "user-2")]
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def verifier() -> JwtVerifier:
    configured = Settings(jwt_jwks=str(Path("unused")), **SETTINGS)
    return JwtVerifier(configured, KeySource(key_set=parse_key_set(key_set(*SIGNERS).encode())), FakeClock())


async def is_accepted(verifier: JwtVerifier, token: str) -> bool:
    return await verifier.find_caller(token) is not None


async def test_tokens_are_accepted_before_they_are_changed(verifier: JwtVerifier) -> None:
    assert [await is_accepted(verifier, token) for token in TOKENS] == [True] * len(TOKENS)


@settings(max_examples=100, deadline=None)
@given(token=st.sampled_from(TOKENS), data=st.data())
async def test_changed_character_is_never_accepted(verifier: JwtVerifier, token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.one_of(st.sampled_from(ALPHABET), st.characters()).filter(lambda c: c != token[at]))
    assert not await is_accepted(verifier, token[:at] + character + token[at + 1 :])


@settings(max_examples=100, deadline=None)
@given(parts=st.tuples(*[st.sampled_from(TOKENS)] * 3))
async def test_swapped_parts_are_never_accepted(verifier: JwtVerifier, parts: tuple[str, str, str]) -> None:
    token = ".".join(source.split(".")[index] for index, source in enumerate(parts))
    assert await is_accepted(verifier, token) == (token in TOKENS)


@settings(max_examples=100, deadline=None)
@given(token=st.sampled_from(TOKENS), data=st.data())
async def test_inserted_or_removed_text_is_never_accepted(
    verifier: JwtVerifier, token: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, len(token)))
    changed = token[:start] + data.draw(st.text(max_size=8)) + token[end:]
    assert await is_accepted(verifier, changed) == (changed in TOKENS)
