"""Mutated JSON Web Tokens: none is accepted."""

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
examples: Final = pytest.mark.parametrize("examples", [60, pytest.param(5_000, marks=pytest.mark.long)])


@pytest.fixture(scope="module")
def verifier() -> JwtVerifier:
    configured = Settings(jwt_jwks="unused", **SETTINGS)
    return JwtVerifier(configured, KeySource(key_set=parse_key_set(key_set(*SIGNERS).encode())), FakeClock())


def is_accepted(verifier: JwtVerifier, token: str) -> bool:
    finding = verifier.find_caller(token)
    try:
        finding.send(None)  # all keys are known, so that it waits for nothing
    except StopIteration as found:
        return found.value is not None
    pytest.fail("it waits")


def test_tokens_are_accepted_before_they_are_changed(verifier: JwtVerifier) -> None:
    assert [is_accepted(verifier, token) for token in TOKENS] == [True] * len(TOKENS)


@examples
def test_changed_character_is_never_accepted(verifier: JwtVerifier, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(token=st.sampled_from(TOKENS), data=st.data())
    def check(token: str, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(token) - 1))
        characters = st.one_of(st.sampled_from(ALPHABET), st.characters())
        character = data.draw(characters.filter(lambda character: character != token[at]))
        assert not is_accepted(verifier, token[:at] + character + token[at + 1 :])

    check()


@examples
def test_swapped_parts_are_never_accepted(verifier: JwtVerifier, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(parts=st.tuples(*[st.sampled_from(TOKENS)] * 3))
    def check(parts: tuple[str, str, str]) -> None:
        token = ".".join(source.split(".")[index] for index, source in enumerate(parts))
        assert is_accepted(verifier, token) == (token in TOKENS)

    check()


@examples
def test_replaced_text_is_never_accepted(verifier: JwtVerifier, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(token=st.sampled_from(TOKENS), data=st.data())
    def check(token: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(token)))
        end = data.draw(st.integers(start, min(len(token), start + 40)))
        changed = token[:start] + data.draw(st.text(max_size=8)) + token[end:]
        assert is_accepted(verifier, changed) == (changed in TOKENS)

    check()
