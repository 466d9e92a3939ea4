"""Reading YAML: what is refused before anything is built from it, and that nothing else ever comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.loader import LoadedPlan, load_plan, load_tree
from orchestrator.plan.load.reader import MOST_BYTES, MOST_DEPTH, read_text
from tests.plan.conftest import SMALL

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def refused(text: str) -> str:
    with pytest.raises(PlanError) as caught:
        read_text(text, "plan.yaml")
    return caught.value.message


def test_a_file_that_does_not_exist_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"absent\.yaml: cannot be read: No such file or directory"):
        load_plan(tmp_path / "absent.yaml")


def test_a_directory_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot be read: Is a directory"):
        load_plan(tmp_path)


def test_a_binary_file_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(PlanError, match=r"is not UTF-8 text \(byte 6\)"):
        load_plan(tmp_path / "plan.yaml")


def test_a_file_too_large_for_a_plan_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(PlanError, match="larger than 1 MiB"):
        load_plan(tmp_path / "plan.yaml")


def test_nesting_is_bounded_because_deep_input_exhausts_the_stack() -> None:
    assert refused("a: " + "[" * 10_000) == f"plan.yaml:1:{4 + MOST_DEPTH}: nested deeper than {MOST_DEPTH} levels"


def test_aliases_of_aliases_are_bounded_because_they_grow_without_end() -> None:
    assert "more than 50000 values, aliases counted as often as they are used" in refused(LAUGHS)


def test_an_alias_within_its_own_anchor_is_refused() -> None:
    assert refused("a: &a [*a]") == "plan.yaml:1:8: a[0]: *a holds itself"


def test_a_second_document_is_refused() -> None:
    assert refused("a: b\n---\nc: d\n") == "plan.yaml:2:1: a second document, allowed: one plan a file"


def test_an_empty_file_is_told_as_such() -> None:
    assert refused("# nothing\n") == "plan.yaml:1:1: nothing in the file, allowed: a plan"


def test_a_list_at_the_top_is_refused() -> None:
    assert refused("- a") == "plan.yaml:1:1: found no sections, allowed: a mapping such as name: forum"


def test_a_character_that_yaml_does_not_allow_is_told_with_its_place() -> None:
    assert refused("a: b\nc: \x07\n") == "plan.yaml:2:4: a character that YAML does not allow"


def test_words_that_older_yaml_takes_for_booleans_numbers_and_dates_are_text() -> None:
    tree = read_text("{a: no, b: on, c: 010, d: 10:30, e: 2024-01-01, f: 1_000, g: 0x10, h: .5, i: '1'}", "plan.yaml")
    assert list(tree.plain().values()) == ["no", "on", "010", "10:30", "2024-01-01", "1_000", "0x10", ".5", "1"]


def test_numbers_booleans_and_nothing_are_what_they_look_like() -> None:
    tree = read_text("{a: 12, b: -3, c: 1.5, d: 1e3, e: true, f: false, g: null, h: ~, i: }", "plan.yaml")
    assert list(tree.plain().values()) == [12, -3, 1.5, 1000.0, True, False, None, None, None]


LINES = st.sampled_from(
    [*SMALL.splitlines(), "? a", "- b", "&a c", "*a", "<<: *a", "%YAML 1.1", '"\\UFFFFFFFF"', "|", "!x", "{", "["]
)


@given(st.one_of(st.text(max_size=200), st.lists(LINES, max_size=15).map("\n".join)))
@example('a: "\\UFFFFFFFF"')
@example("%YAML 1.99999999999999999999\n---\na: b")
@example("a: !<")
@example("? [a]: b")
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_tree_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        load_tree(read_text(text, "plan.yaml"), Path("plan.yaml"), None, {})
    except PlanError as error:
        assert error.message.startswith("plan.yaml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdeportsname_/", max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_place_of_a_plan_is_accepted_or_refused_at_a_place(data: st.DataObject) -> None:
    import json

    plan = read_text(SMALL, "plan.yaml").plain()
    section = data.draw(
        st.sampled_from(
            [
                "network",
                "entry",
                "services",
                "defaults",
                "delivery",
                "environments",
                "tags",
                "variables",
                "resources",
                "images",
            ]
        )
    )
    plan[section] = data.draw(VALUES)
    if section == "services" and data.draw(st.booleans()):
        plan[section] = {
            "cart": {
                data.draw(st.sampled_from(["scaling", "health", "env", "needs", "strategy", "alarms"])): data.draw(
                    VALUES
                )
            }
        }
    text = json.dumps(plan)
    try:
        loaded = load_tree(read_text(text, "plan.yaml"), Path("plan.yaml"), None, {})
    except PlanError as error:
        assert all(line.startswith("plan.yaml:1:") for line in error.message.splitlines())
    else:
        assert isinstance(loaded, LoadedPlan)
