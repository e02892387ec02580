"""Secret arguments are hidden wherever their schema says so, and errors are kept without them."""

from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import pytest

from chalicelib import Secret
from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.domain.flow import Concurrency, Ordered, Rate, Throttle, Unique
from chalicelib.pipeline.secret import HIDDEN, hidden, is_secret, masked, words
from chalicelib.pipeline.shown_args import refuses, shown_args, shown_change
from chalicelib.pipeline.task import Options, Registry
from tests.support.rows import SECOND

Password = Annotated[str, Secret]


class Card(msgspec.Struct):
    number: Annotated[str, msgspec.Meta(min_length=4), Secret]
    owner: str


@dataclass
class Login:
    user: str
    pin: Annotated[int, Secret]


def every(
    plain: str,
    password: Password,
    maybe: Password | None = None,
    card: Card | None = None,
    cards: list[Card] | None = None,
    by_name: dict[str, Card] | None = None,
    login: Login | None = None,
    pair: tuple[str, Password] | None = None,
    all_of_it: Annotated[dict[str, Any], Secret] | None = None,
) -> None:
    """Secrets in each kind of place."""


CARD = {"number": "4111-1111", "owner": "ann"}
GIVEN = {
    "plain": "p",
    "password": "hunter2",
    "maybe": "tr0ub4dor",
    "card": CARD,
    "cards": [CARD, CARD],
    "by_name": {"a": CARD},
    "login": {"user": "u", "pin": 1234},
    "pair": ["x", "s3cr3t"],
    "all_of_it": {"a": {"b": "deep-down"}},
}
SHOWN_CARD = {"number": HIDDEN, "owner": "ann"}
SHOWN = {
    "plain": "p",
    "password": HIDDEN,
    "maybe": HIDDEN,
    "card": SHOWN_CARD,
    "cards": [SHOWN_CARD, SHOWN_CARD],
    "by_name": {"a": SHOWN_CARD},
    "login": {"user": "u", "pin": HIDDEN},
    "pair": ["x", HIDDEN],
    "all_of_it": HIDDEN,
}


@pytest.fixture
def registry():
    made = Registry()
    made.add(every, None, Options())
    made.add(lambda a: None, "open", Options())
    return made


def test_what_is_marked_is_hidden_in_every_kind_of_place(registry):
    assert shown_args("every", GIVEN, registry) == SHOWN
    assert registry["every"].signature.secrets
    assert not registry["open"].signature.secrets


def test_the_secret_reaches_the_task_as_it_was_given(registry):
    checked = registry["every"].signature.check(GIVEN)
    assert (checked["password"], checked["card"].number, checked["login"].pin) == (
        "hunter2",
        "4111-1111",
        1234,
    )


def test_the_schema_says_that_it_is_write_only(registry):
    properties = registry["every"].signature.schema["$defs"]["Arguments"]["properties"]
    assert properties["password"] == {"type": "string", "writeOnly": True, "format": "password"}


def test_arguments_of_a_task_that_nobody_knows_are_all_hidden(registry):
    assert shown_args("gone", {"a": 1, "b": [2]}, registry) == {"a": HIDDEN, "b": HIDDEN}


def test_a_workflow_hides_its_steps_secrets_and_its_maps_items(registry):
    step = {"task": "every", "args": {"plain": "p", "password": "hunter2"}}
    tree = {
        "chain": [
            step,
            {"group": [step, {"task": "open", "args": {"a": "shown"}}]},
            {
                "map": {"task": "every", "args": {"plain": "p"}, "into": "password"},
                "items": ["hunter2", "other"],
            },
            {"map": {"task": "every", "args": {}}, "items": [step["args"]], "spread": True},
            {"map": {"task": "open", "into": "a"}, "items": ["shown"]},
            {"map": {"task": "every", "into": "cards"}, "items": [CARD, CARD], "size": 2},
        ]
    }
    shown = shown_args("jobline.workflow", {"workflow": tree}, registry)
    text = str(shown)
    assert not [word for word in ("hunter2", "other", "4111") if word in text]
    assert text.count("shown") == 2
    assert shown["workflow"]["chain"][0]["args"] == {"plain": "p", "password": HIDDEN}


class Batched(TypedDict):
    name: str
    token: NotRequired[Annotated[str, Secret]]


def test_a_batch_task_has_secrets_too():
    def work(jobs: list[Batched]) -> list[None]:
        return [None for _ in jobs]

    def cards(jobs: list[Card]) -> list[None]:
        return [None for _ in jobs]

    registry = Registry()
    registry.add(work, "work", Options(batch=True))
    registry.add(cards, "cards", Options(batch=True))
    assert shown_args("work", {"name": "n", "token": "t0ken"}, registry) == {"name": "n", "token": HIDDEN}
    assert shown_args("cards", CARD, registry) == SHOWN_CARD
    registry["work"].signature.check({"name": "n"})


# ------------------------------------------------------------------------------------------------------------- errors


def test_words_are_looked_for_as_they_are_and_as_others_write_them(registry):
    schema = registry["every"].signature.schema
    found = words(
        {"plain": "visible", "password": "it's\n", "login": {"user": "visible", "pin": 12345}}, schema
    )
    assert {"it's\n", "it's\\n", "12345"} <= found
    assert not [word for word in found if "visible" in word]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("login failed for hunter2", f"login failed for {HIDDEN}"),
        ("hunter2hunter2", HIDDEN * 2),
        ("ended with hunt", f"ended with {HIDDEN}"),
        ("ter2 began", f"{HIDDEN} began"),
        ("hun is too short to be told from a word", "hun is too short to be told from a word"),
        ("nothing here", "nothing here"),
        ("", ""),
    ],
)
def test_a_text_is_kept_without_the_secret_and_without_what_is_left_of_one_that_was_cut(text, left):
    assert masked(text, {"hunter2"}) == left


def test_the_longest_goes_first():
    assert masked("hunter2-long", {"hunter2", "hunter2-long"}) == HIDDEN


# ---------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "options",
    [
        Options(unique=Unique(key=("password",))),
        Options(throttle=Throttle(limit=1, per=SECOND, key=("password",))),
        Options(rate=Rate(1, SECOND, key=("password",))),
        Options(concurrency=Concurrency(1, key=("password",))),
        Options(ordered=Ordered(key=("password",))),
    ],
    ids=["unique", "throttle", "rate", "concurrency", "ordered"],
)
def test_no_key_is_made_of_a_secret(options):
    def send(user: str, password: Password) -> None:
        """Keys are shown."""

    with pytest.raises(TaskMisdeclared, match="'password', which is Secret"):
        Registry().add(send, None, options)


def test_a_secret_has_no_default_that_everybody_could_read():
    def send(password: Password = "hunter2") -> None:
        """The documentation shows defaults."""

    with pytest.raises(TaskMisdeclared, match="password"):
        Registry().add(send, None, Options())


# ------------------------------------------------------------------------------------------------------------- patches


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ({"op": "copy", "from": "/password", "path": "/plain"}, "from"),
        ({"op": "move", "from": "/password", "path": "/plain"}, "from"),
        ({"op": "copy", "from": "/card", "path": "/plain"}, "from"),
        ({"op": "copy", "from": "/cards/0/number", "path": "/plain"}, "from"),
        ({"op": "copy", "from": "/all_of_it/a/b", "path": "/plain"}, "from"),
        ({"op": "copy", "from": "", "path": "/plain"}, "from"),
        ({"op": "test", "path": "/password", "value": "guess"}, "path"),
        ({"op": "test", "path": "", "value": {}}, "path"),
        ({"op": "copy", "from": "/card/owner", "path": "/plain"}, None),
        ({"op": "test", "path": "/plain", "value": "p"}, None),
        ({"op": "replace", "path": "/password", "value": "new"}, None),
        ({"op": "remove", "path": "/maybe"}, None),
    ],
    ids=str,
)
def test_a_patch_may_set_a_secret_and_never_read_or_guess_one(registry, operation, member):
    assert refuses(operation, "every", GIVEN, registry) == member


def test_a_change_is_shown_without_what_it_makes_secret(registry):
    patch = [
        {"op": "replace", "path": "/password", "value": "hunter2"},
        {"op": "replace", "path": "/plain", "value": "p"},
        {"op": "add", "path": "/cards/-", "value": CARD},
        {"op": "add", "path": "", "value": GIVEN},
        {"op": "remove", "path": "/maybe"},
    ]
    for task in ("every", None):
        shown = shown_change(task, patch, registry)
        assert [one.get("value") for one in shown] == [HIDDEN, "p", HIDDEN, SHOWN, None]
        assert shown_change(task, GIVEN, registry) == SHOWN
    assert shown_change("open", patch, registry) == patch
    assert shown_change("gone", patch, registry) == HIDDEN


def test_paths_into_secrets_are_known(registry):
    schema = registry["every"].signature.schema
    assert is_secret(schema, ["all_of_it", "a", "b", "c"])
    assert is_secret(schema, ["cards", "3", "number"])
    assert is_secret(schema, ["pair", "1"])
    assert not is_secret(schema, ["pair", "0"])
    assert not is_secret(schema, ["nothing", "here"])
    assert hidden([1], {}) == [1]
