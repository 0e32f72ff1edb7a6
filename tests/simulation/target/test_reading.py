"""Users, headers and balances of a target, in every form in which they may be written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.simulation.results import ScenarioNotTried
from creditctl.simulation.target.balances import (
    BalanceUnreadable,
    balance_by_command,
    balance_by_sql,
    balance_in,
    with_places,
)
from creditctl.simulation.target.buyers import Buyers, parse_header, parse_users
from creditctl.simulation.target.declaration import Target, fill


@pytest.mark.parametrize(
    "text",
    ["17\n18\n", "user,token\n17,a\n18,b\n", '["17", 18]', '[{"user": 17, "token": "a"}, {"user": "18"}]'],
)
def test_users_are_read_in_every_form(text: str) -> None:
    assert [user["user"] for user in parse_users(text)] == ["17", "18"]


@pytest.mark.parametrize("text", ["", "[]", "[", '[{"name": "x"}]'])
def test_a_file_without_users_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_users(text)


def test_users_are_lent_to_one_scenario_at_a_time_with_their_headers() -> None:
    users = parse_users("user,token\n17,a\n18,b\n")
    buyers = Buyers(Target("http://x", "http://x/hook", headers=("Authorization: Bearer {token}",), users=users))

    with buyers.lend(("one",)) as (first,), buyers.lend(("two",)) as (second,):
        assert {first.user_id, second.user_id} == {"17", "18"}
        assert first.headers == {"Authorization": f"Bearer {first.fields['token']}"}
    with pytest.raises(ScenarioNotTried), buyers.lend(("a", "b", "c")):
        pass


def test_the_email_of_a_buyer_is_found_where_it_is_declared() -> None:
    def email(users: str, *headers: str) -> str:
        target = Target("http://x", "http://x/hook", headers=headers, users=parse_users(users))
        with Buyers(target).lend(("u1",)) as (buyer,):
            return buyer.email

    assert email("user,mail\n17,ada@example.com") == "ada@example.com"
    assert email("17", "X-Account: Ada <{user}@shop.example.org>") == "17@shop.example.org"
    assert email("17", "X-User: {user}", "Cookie: a=b@c") == ""


def test_a_login_command_gives_a_token_or_fields() -> None:
    def headers(command: str) -> dict[str, str]:
        target = Target("http://x", "http://x/hook", headers=("Authorization: Bearer {token}",), login_command=command)
        with Buyers(target).lend(("u1",)) as (buyer,):
            return dict(buyer.headers)

    assert headers("echo tok-{user}") == {"Authorization": "Bearer tok-u1"}
    assert headers("""echo '{"token": "t"}'""") == {"Authorization": "Bearer t"}
    with pytest.raises(ConfigurationError):
        headers("false")


def test_a_header_without_a_colon_is_refused() -> None:
    assert parse_header("X-User-Id: 1") == ("X-User-Id", "1")
    with pytest.raises(ConfigurationError):
        parse_header("X-User-Id")


@pytest.mark.parametrize(
    ("text", "pointer", "credits"),
    [
        ('{"balance": 5}', "/balance", 5),
        ('{"data": [{"credits": "7"}]}', "/data/0/credits", 7),
        ('{"a/b": 5.0}', "/a~1b", 5),
        ("12", "", 12),
    ],
)
def test_a_balance_is_found_by_its_pointer(text: str, pointer: str, credits: int) -> None:
    assert balance_in(text, pointer) == credits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"balance": 1.5}',
        '{"balance": true}',
        '{"balance": null}',
        "[1]",
        "[" * 200000,
        '{"balance": "1e999999999"}',
        '{"balance": 1e400}',
        '{"balance": "-1e99"}',
    ],
    ids=lambda text: text[:24],
)
def test_what_is_no_whole_number_is_unreadable(text: str) -> None:
    with pytest.raises(BalanceUnreadable):
        balance_in(text, "/balance")


def test_a_balance_comes_from_a_command_or_a_query(tmp_path: Path) -> None:
    assert balance_by_command("echo 12", {"user": "1"}) == 12
    with closing(sqlite3.connect(tmp_path / "app.db")) as application:
        application.executescript("create table c (who text, n int); insert into c values ('a''b', 7), ('%s', 4)")
    for url in ("sqlite:///app.db", "sqlite+aiosqlite:///./app.db", "file:./app.db"):
        assert balance_by_sql(url, "select n from c where who = :user;", {"user": "a'b"}, tmp_path) == 7
    written = "select sum(n) from c where who like '%' and (who = '%s' or who = :user or ':user' = :user)"
    assert balance_by_sql("sqlite:///app.db", written, {"user": "a'b"}, tmp_path) == 11
    assert balance_by_sql("sqlite:///app.db", "select n from c where who = :user", {"user": "nobody"}, tmp_path) == 0
    with pytest.raises(BalanceUnreadable):
        balance_by_command("false", {"user": "1"})
    with pytest.raises(BalanceUnreadable):
        balance_by_sql("sqlite:///app.db", "select nonsense from nowhere", {"user": "ab"}, tmp_path)
    with pytest.raises(BalanceUnreadable):
        balance_by_sql("sqlite:///app.db", "delete from c", {"user": "ab"}, tmp_path)


def test_the_user_of_a_query_is_told_from_casts_and_texts() -> None:
    assert with_places("select :user::int, ':user', \"a:user\", :user_id, '%d' where x = :user") == (
        "select %s::int, ':user', \"a:user\", :user_id, '%%d' where x = %s",
        2,
    )


def test_no_value_becomes_a_second_word_of_a_command() -> None:
    assert balance_by_command("expr length {user}", {"user": "a b; c"}) == 6


def test_braces_of_json_stay() -> None:
    assert fill('{"id": {number}}', {"number": 2}) == '{"id": 2}'
