"""Credentials that are replaced only while they are still those that somebody has read."""

from syncd.store import SqlStore


async def test_credentials_are_replaced_while_they_are_what_was_read(store: SqlStore) -> None:
    await store.put_credentials("c1", b"first")
    await store.put_credentials("c1", b"first, and more", instead_of=b"first")
    assert await store.credentials("c1") == b"first, and more"


async def test_credentials_that_were_renewed_meanwhile_are_kept(store: SqlStore) -> None:
    await store.put_credentials("c1", b"first")
    await store.put_credentials("c1", b"renewed")
    await store.put_credentials("c1", b"first, and more", instead_of=b"first")
    assert await store.credentials("c1") == b"renewed"


async def test_credentials_that_were_removed_meanwhile_do_not_come_back(store: SqlStore) -> None:
    await store.put_credentials("c1", b"more", instead_of=b"first")
    assert await store.credentials("c1") is None
