"""What every store has to do. A new store subclasses this and gives it a fixture ``store``."""

from __future__ import annotations

import threading

import pytest

from orchestrator.core.errors import Conflict
from orchestrator.core.store import Store


class Conformance:
    """Compare-and-swap, as everyone who relies on it understands it."""

    def test_what_was_never_saved_is_none(self, store: Store) -> None:
        assert store.load("forum/rollouts/posts") is None

    def test_a_saved_value_is_loaded_with_its_version(self, store: Store) -> None:
        saved = store.save(
            "forum/rollouts/posts", {"stage": 3, "at": 1.5, "note": "ünïcode", "list": [1, None, True]}, None
        )
        assert store.load("forum/rollouts/posts") == saved
        assert saved.value == {"stage": 3, "at": 1.5, "note": "ünïcode", "list": [1, None, True]}

    def test_a_value_is_replaced_by_whoever_knows_its_version(self, store: Store) -> None:
        first = store.save("key", {"n": 1}, None)
        second = store.save("key", {"n": 2}, first.version)
        assert second.version > first.version
        loaded = store.load("key")
        assert loaded is not None
        assert loaded.value == {"n": 2}

    def test_an_old_version_is_a_conflict_and_changes_nothing(self, store: Store) -> None:
        first = store.save("key", {"n": 1}, None)
        second = store.save("key", {"n": 2}, first.version)
        with pytest.raises(Conflict):
            store.save("key", {"n": 3}, first.version)
        assert store.load("key") == second

    def test_creating_what_exists_is_a_conflict(self, store: Store) -> None:
        store.save("key", {"n": 1}, None)
        with pytest.raises(Conflict):
            store.save("key", {"n": 2}, None)

    def test_replacing_what_does_not_exist_is_a_conflict(self, store: Store) -> None:
        with pytest.raises(Conflict):
            store.save("key", {"n": 1}, 1)
        assert store.load("key") is None

    def test_keys_are_listed_by_prefix_in_order(self, store: Store) -> None:
        for key in ("b/2", "b/1", "a", "b/1/deep", "bc"):
            store.save(key, {}, None)
        assert list(store.keys("b/")) == ["b/1", "b/1/deep", "b/2"]
        assert list(store.keys("")) == ["a", "b/1", "b/1/deep", "b/2", "bc"]
        assert list(store.keys("none")) == []

    def test_a_key_and_keys_below_it_live_side_by_side(self, store: Store) -> None:
        store.save("forum", {"n": 1}, None)
        store.save("forum/rollouts", {"n": 2}, None)
        assert [stored.value["n"] for key in store.keys("forum") if (stored := store.load(key))] == [1, 2]

    def test_a_key_may_hold_what_names_hold(self, store: Store) -> None:
        for key in ("leases/forum-prod", "history/a b/2026-01-31T12:00:00Z", "x/ü%2F_.+@"):
            store.save(key, {"key": key}, None)
            assert [k for k in store.keys("") if k == key] == [key]

    @pytest.mark.parametrize("key", ["", "/etc/passwd", "../outside", "a//b", "a/./b", "a/"])
    def test_a_key_is_names_between_slashes(self, store: Store, key: str) -> None:
        with pytest.raises(ValueError, match="names between slashes"):
            store.load(key)
        with pytest.raises(ValueError, match="names between slashes"):
            store.save(key, {}, None)

    def test_what_was_loaded_is_a_copy(self, store: Store) -> None:
        value = {"list": [1]}
        store.save("key", value, None)
        value["list"].append(2)
        loaded = store.load("key")
        assert loaded is not None
        loaded.value["list"].append(3)
        again = store.load("key")
        assert again is not None
        assert again.value == {"list": [1]}

    def test_of_many_writers_at_once_every_increment_counts(self, store: Store) -> None:
        store.save("counter", {"n": 0}, None)

        def add() -> None:
            for _ in range(10):
                while True:
                    now = store.load("counter")
                    assert now is not None
                    try:
                        store.save("counter", {"n": now.value["n"] + 1}, now.version)
                        break
                    except Conflict:
                        continue

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counted = store.load("counter")
        assert counted is not None
        assert counted.value["n"] == 40, counted
