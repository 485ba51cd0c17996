"""A claim counts for its time and no longer: what is claimed stays, what is condemned is never held."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from models.clock import MINUTE, SECOND
from resolvers.blobs.leases import GRACE, Claim, Content, FilesLost, Look, claim, condemn, hold
from tests.blobs.form_client import PNG, Device, Sent, code_of, sha256, start_body


async def test_what_somebody_is_about_to_have_stays(device: Device) -> None:
    await device.start({"a": Sent(PNG)}, projectId="nowhere")
    await device.collect(GRACE / SECOND - 0.001)
    assert device.contents() == {sha256(PNG)}
    await device.collect(0.001)
    assert device.contents() == set()


async def test_what_is_claimed_again_stays_for_as_long_again(device: Device) -> None:
    await device.start({"a": Sent(PNG)}, projectId="nowhere")
    await device.world.advance(GRACE / SECOND - 1)
    await device.start({"a": Sent(PNG)}, projectId="nowhere")
    await device.collect(GRACE / SECOND - 0.001)
    assert device.contents() == {sha256(PNG)}
    await device.collect(0.001)
    assert device.contents() == set()


async def test_no_claim_shortens_another(device: Device) -> None:
    """As another server could make it, whose clock is behind; or one that waited, in the batch of a later one."""
    database = device.world.app.state.services.database

    def race(tx: Connection, _: Sequence[None]) -> list[int]:
        claim(tx, [Claim(MINUTE, (Content("aa", 1),))])
        claim(tx, [Claim(0, (Content("aa", 1),))])
        claim(tx, [Claim(MINUTE, (Content("bb", 1),)), Claim(0, (Content("cc", 1),))])
        assert condemn(tx, [Look(GRACE + MINUTE - 1, frozenset())]) == [[]]
        return [len(condemn(tx, [Look(GRACE + MINUTE, frozenset())])[0])]

    assert await database.write(race, None) == 3


async def test_what_is_condemned_is_never_held(device: Device) -> None:
    database = device.world.app.state.services.database

    def race(tx: Connection, _: Sequence[None]) -> list[str]:
        ((claimed,),) = (found.values() for found in claim(tx, [Claim(0, (Content("aa", 1),))]))
        assert condemn(tx, [Look(GRACE - 1, frozenset())]) == [[]]
        assert condemn(tx, [Look(GRACE, frozenset({"aa"}))]) == [[]]
        assert condemn(tx, [Look(GRACE, frozenset())]) == [[claimed.key]]
        assert condemn(tx, [Look(0, frozenset({"aa"}))]) == [[claimed.key]], "it is on its way out"
        (again,) = claim(tx, [Claim(GRACE, (Content("aa", 1),))])
        assert again["aa"].key != claimed.key
        hold(tx, {again["aa"].key})
        with pytest.raises(FilesLost):
            hold(tx, {claimed.key})
        return [claimed.key]

    assert await database.write(race, None)


async def test_a_form_whose_file_was_collected_meanwhile_is_to_be_sent_again(device: Device) -> None:
    """As another server could do it, whose clock is far ahead."""
    objects = device.world.app.state.services.files.objects
    database, put = device.world.app.state.services.database, objects.put

    async def put_too_late(*arguments: Any) -> None:
        await put(*arguments)
        await database.write(condemn, Look(device.world.clock.value + GRACE, frozenset()))

    objects.put = put_too_late
    neighbours = asyncio.gather(*(device.world.user() for _ in range(3)))
    answer = await device.send(start_body({"a": Sent(PNG)}))
    assert (code_of(answer), answer["errors"][0]["extensions"]["retryable"]) == ("SERVICE_UNAVAILABLE", True)
    assert len(await neighbours) == 3
    objects.put = put
    session = await device.started({"a": Sent(PNG)})
    await device.collect()
    assert (await device.fetch((await device.form(session["id"]))["a"]["url"])).content == PNG
    assert await device.rows() == {"stored_file": 1, "attachment": 1}
