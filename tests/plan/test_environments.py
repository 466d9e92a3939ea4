"""One file, several stacks: what an environment overrides, what a variable leaves open, what the defaults fill in."""

from __future__ import annotations

from pathlib import Path

from orchestrator.plan.load.loader import load_plan
from tests.plan.conftest import SMALL, Load, Refusal

ENVIRONMENTS = (
    SMALL
    + """\
environments:
  dev:
    services:
      cart: {cpu: 512, memory: 1024}
  prod:
    tags: {cost: high}
    services:
      cart: {scaling: {min: 2, max: 20, cpu: 70}}
"""
)


def test_a_stack_is_named_for_plan_and_environment(load: Load) -> None:
    assert load(ENVIRONMENTS, "dev").stack == "shop-dev"


def test_an_environment_changes_what_it_states_and_nothing_else(load: Load) -> None:
    dev, prod = load(ENVIRONMENTS, "dev").model, load(ENVIRONMENTS, "prod").model
    assert (dev.services["cart"].cpu, dev.services["cart"].port, dev.tags) == (512, 8080, {})
    assert (prod.services["cart"].cpu, prod.services["cart"].desired, prod.tags) == (256, 2, {"cost": "high"})


def test_a_key_left_empty_in_an_environment_takes_the_plans_away(load: Load) -> None:
    text = ENVIRONMENTS.replace("{cpu: 512, memory: 1024}", "") + "defaults: {port: 1, user: 7}\n"
    assert load(text, "dev").model.services == {}


def test_a_plan_with_environments_is_not_loaded_without_choosing_one(refusal: Refusal) -> None:
    assert refusal(ENVIRONMENTS) == [
        "plan.yaml:12:1: environments: the plan has several: choose one with -e, of dev, prod"
    ]


def test_an_environment_that_does_not_exist_is_told_with_the_nearest(refusal: Refusal) -> None:
    assert refusal(ENVIRONMENTS, "prd") == [
        "plan.yaml:12:1: environments: found no environment 'prd', did you mean prod?"
    ]


def test_an_environment_for_a_plan_that_has_none_is_refused(refusal: Refusal) -> None:
    assert refusal(SMALL, "dev") == ["plan.yaml:1:1: -e dev was given, but the plan declares no environments"]


def test_a_fault_in_an_environment_that_was_not_chosen_is_told_all_the_same(refusal: Refusal) -> None:
    broken = ENVIRONMENTS.replace("max: 20", "max: 1")
    assert refusal(broken, "dev") == [
        "plan.yaml:19:29: environments.prod.services.cart.scaling.min: found 2, allowed: at most max, which is 1"
    ]


def test_a_fault_in_the_shared_part_is_told_once_for_all_environments(refusal: Refusal) -> None:
    assert len(refusal(ENVIRONMENTS.replace("8080", "0"), "dev")) == 1


def test_an_environment_cannot_rename_the_plan_because_the_stack_would_lose_its_resources(refusal: Refusal) -> None:
    renamed = ENVIRONMENTS.replace("    tags: {cost: high}", "    name: other")
    assert (
        "plan.yaml:17:5: environments.prod.name: is the same in every environment, state it at the top of the file"
        in (refusal(renamed, "prod"))
    )


def test_a_service_may_leave_everything_to_the_defaults(load: Load) -> None:
    text = SMALL.replace("cart:\n    port: 8080\n    paths: [/cart*]", "cart:") + "defaults: {port: 81, paths: [/x]}\n"
    assert (load(text).model.services["cart"].port, load(text).model.services["cart"].paths) == (81, ("/x",))


def test_defaults_join_with_what_a_service_states_key_by_key(load: Load) -> None:
    text = (
        SMALL.replace("port: 8080", "health: {path: /up}") + "defaults: {port: 81, health: {path: /, interval: 10}}\n"
    )
    health = load(text).model.services["cart"].health
    assert (health.path, health.interval) == ("/up", 10)


def test_a_variable_has_its_default_until_a_value_is_given(load: Load) -> None:
    text = SMALL.replace("port: 8080", "port: ${var.port}\n    image: v${var.port}") + "variables: {port: 8080}\n"
    assert load(text).model.services["cart"].port == 8080
    assert (load(text, port="81").model.services["cart"].port, load(text, port="81").model.services["cart"].image) == (
        81,
        "v81",
    )


def test_a_given_number_is_text_where_the_variable_is_text_because_tags_look_like_numbers(load: Load) -> None:
    for declared in ("latest", "{}", "{default: latest}", "{type: text}"):
        text = SMALL.replace("port: 8080", "port: 8080\n    image: ${var.tag}") + f"variables: {{tag: {declared}}}\n"
        assert load(text, tag="20240101").model.services["cart"].image == "20240101"


def test_a_given_text_where_a_number_is_declared_is_refused_without_showing_it(refusal: Refusal) -> None:
    text = SMALL.replace("8080", "${var.port}") + "variables: {port: {type: number}}\n"
    assert "plan.yaml:12:13: variables.port: the value given is no number" in refusal(text, port="hunter2")
    assert "hunter2" not in str(refusal(text, port="hunter2"))


def test_a_variable_without_value_says_how_to_give_one(refusal: Refusal) -> None:
    text = SMALL.replace("shop", "${var.name}") + "variables: {name: {description: whose shop it is}}\n"
    assert "plan.yaml:12:13: variables.name: no value: pass --var name=VALUE or set ORCHESTRATOR_VAR_NAME" in refusal(
        text
    )


def test_the_use_of_an_undeclared_variable_is_told_with_the_nearest(refusal: Refusal) -> None:
    text = SMALL.replace("8080", "${var.prt}") + "variables: {port: 80}\n"
    assert "plan.yaml:10:11: services.cart.port: the variable prt is not declared, did you mean port?" in refusal(text)


def test_a_value_for_an_undeclared_variable_is_refused_because_it_is_likely_a_typing_error(refusal: Refusal) -> None:
    assert refusal(SMALL, tag="1") == ["plan.yaml:1:1: variables: a value is given for tag, which is not declared"]


def test_other_dollar_signs_are_left_alone(load: Load) -> None:
    text = SMALL.replace("port: 8080", "port: 8080\n    env: {GREETING: 'costs ${PRICE} and $HOME'}")
    assert load(text).model.services["cart"].env == {"GREETING": "costs ${PRICE} and $HOME"}


def test_an_inherited_value_counts_where_none_is_given_and_only_for_what_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL.replace("8080", "${var.port}") + "variables: {port: 80}\n", encoding="utf-8")
    inherited = {"PORT": "81", "OF_ANOTHER_PLAN": "x"}
    assert load_plan(path, inherited=inherited).model.services["cart"].port == 81
    assert load_plan(path, variables={"port": "82"}, inherited=inherited).model.services["cart"].port == 82
