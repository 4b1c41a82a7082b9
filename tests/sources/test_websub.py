"""The decisions about subscriptions, one by one: nothing is asked here, and no clock looked at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feeder.sources.feeds.polling import PollBounds, after_success, new_poll
from feeder.sources.feeds.websub import (
    HubCall,
    HubSubscription,
    HubTopic,
    after_delivery,
    after_denial,
    after_failure,
    after_miss,
    after_request,
    after_verification,
    callback_problem,
    cancel_request,
    explain,
    find_hub,
    is_intended,
    is_over,
    new_subscription,
    plan,
    pushed_until,
    request_form,
    signature_problem,
    standing,
    start_leaving,
)

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WISH = HubTopic("rain", "https://hub.example/", "https://e.org/feed", "https://feed.example/")
INTENT = HubCall("subscribe", WISH.topic, "words", "864000")


def new(wish: HubTopic = WISH, token: str = "t" * 32) -> HubSubscription:
    return new_subscription(wish, token=token, secret="a secret", now=NOW)


def confirmed(lease_s: int = 864_000) -> HubSubscription:
    one = after_verification(after_request(new(), NOW), INTENT._replace(lease_seconds=str(lease_s)), now=NOW, jitter=0)
    assert one is not None
    return one


@pytest.mark.parametrize(
    ("links", "hub", "topic"),
    [
        ("", None, None),
        ("<https://h.example/>; rel=hub", "https://h.example/", None),
        ('<https://h.example/>; rel="hub", <https://e.org/f?a=1,2>; rel="self"', "https://h.example/", "https://e.org/f?a=1,2"),
        ('<https://h.example/>;title="a, b; rel=x";REL = "Alternate HUB"', "https://h.example/", None),
        ("<https://h.example/>; rel='hub'", None, None),  # RFC 8288 knows no such quotes
        ("<https://one.example/>; rel=hub, <https://two.example/>; rel=hub", "https://one.example/", None),
        ('<https://h.example/>; rel=hub; anchor="https://e.org/another"', None, None),
        ("<https://h.example/>; rel=next; rel=hub", None, None),  # RFC 8288 §3.3: the first counts
        ("</hub>; rel=hub, <../feed>; rel=self", "https://e.org/hub", "https://e.org/feed"),
        ("<javascript:alert(1)>; rel=hub, <ftp://e.org/>; rel=self", None, None),
        ("<https://user:word@h.example/>; rel=hub", None, None),
        ("<https://e.org/ä ö>; rel=self", None, "https://e.org/%C3%A4%20%C3%B6"),
        ("<https://e.org/Feed?utm_source=x#part>; rel=self", None, "https://e.org/Feed?utm_source=x#part"),
        ("< >; rel=hub, <>; rel=self", None, None),
        ("rel=hub", None, None),
        ("<" * 9000, None, None),
        ('<a>"' + '\\"<a>' * 9000, None, None),
    ],
)  # fmt: skip
def test_links_of_an_answer_name_a_hub(links: str, hub: str | None, topic: str | None) -> None:
    assert find_hub(links, "https://e.org/blog/feed", hub=None, feed_url=None) == (hub, topic)


def test_a_header_comes_before_what_a_feed_says_of_itself() -> None:
    says = {"hub": "https://in.example/", "feed_url": "https://e.org/in"}
    assert find_hub("", "https://e.org/f", **says) == ("https://in.example/", "https://e.org/in")
    links = "<https://out.example/>; rel=hub"
    assert find_hub(links, "https://e.org/f", **says) == ("https://out.example/", "https://e.org/in")


@pytest.mark.parametrize(
    ("site", "is_public"),
    [
        ("https://feed.example/", True),
        ("http://feed.example:8080/below/", True),
        ("https://8.8.8.8/", True),
        ("https://[2606:4700::1111]/", True),
        ("http://127.0.0.1:8000/", False),
        ("http://[::1]:8000/", False),
        ("http://10.1.2.3/", False),
        ("http://100.100.100.200/", False),
        ("http://localhost:8000/", False),
        ("http://feeder/", False),
        ("http://feeder.local/", False),
        ("http://feeder.home.arpa./", False),
        ("http://a.test/", False),
    ],
)
def test_a_hub_can_call_at_public_addresses_only(site: str, is_public: bool) -> None:  # noqa: FBT001  a parameter of the table
    assert (callback_problem(site) is None) == is_public


def planned(present: list[HubSubscription], *wishes: HubTopic, after: timedelta = timedelta()) -> list[HubSubscription]:
    return plan(present, wishes, now=NOW + after, jitter=lambda: 0, new_secrets=lambda: ("n" * 32, "another secret"))


def test_a_plan_asks_for_what_is_missing_and_ends_what_is_not_wanted() -> None:
    [asked] = planned([], WISH)
    assert (asked.asked, asked.awaiting, asked.asked_at) == ("subscribe", True, NOW)
    assert asked.callback == "https://feed.example/websub/" + "n" * 32
    assert planned([asked], WISH) == [asked]
    live = confirmed()
    assert planned([live], WISH) == [live]
    [going] = planned([live])
    assert (going.leaving, going.asked, going.awaiting) == (True, "unsubscribe", True)
    assert planned([going]) == [going]
    assert [one.leaving for one in planned([going], WISH)] == [True, False]
    other = WISH._replace(hub="https://other.example/")
    assert [(one.hub, one.leaving) for one in planned([live], other)] == [(live.hub, True), (other.hub, False)]
    twins = [live, replace(live, token="u" * 32, callback="https://feed.example/websub/" + "u" * 32)]
    assert [one.leaving for one in planned(twins, WISH)] == [False, True]


def test_what_is_to_end_is_over_with_its_lease_or_after_three_tries() -> None:
    going = start_leaving(confirmed(), NOW)
    assert not is_over(going, NOW)
    assert is_over(going, NOW + 11 * DAY)
    assert is_over(start_leaving(new(), NOW), NOW)
    assert not is_over(confirmed(), NOW + 11 * DAY)
    after = timedelta()
    for failures in range(3):
        [going] = planned([going], after=after)
        going = after_failure(going, "no", now=NOW + after, jitter=0)
        assert going.failures == failures + 1
        after = going.next_try_at - NOW
    assert planned([going], after=after) == []


def test_an_unsubscription_tells_no_secret() -> None:
    going = after_request(start_leaving(confirmed(), NOW), NOW)
    assert request_form(going).keys() == {"hub.callback", "hub.mode", "hub.topic"}
    assert request_form(after_request(new(), NOW))["hub.lease_seconds"] == "864000"


def test_waits_double_up_to_a_week() -> None:
    one, waits = new(), []
    for _ in range(40):
        one = after_failure(after_request(one, NOW), "no", now=NOW, jitter=0)
        waits.append(one.next_try_at - NOW)
    assert waits[:4] == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert waits[-1] == 7 * DAY
    assert after_failure(after_request(one, NOW), "no", now=NOW, jitter=1).next_try_at == NOW + 7 * DAY * 1.25


def test_what_a_hub_has_confirmed_meanwhile_has_not_failed_nor_is_put_back() -> None:
    live = confirmed()
    assert after_failure(live, "no", now=NOW, jitter=0) == live
    assert cancel_request(live, NOW) == live


def test_a_hub_is_agreed_with_for_a_day_and_about_what_is_wanted_now() -> None:
    asked = after_request(new(), NOW)
    assert is_intended(asked, INTENT, NOW + DAY)
    assert not is_intended(asked, INTENT, NOW + DAY + HOUR)
    assert not is_intended(new(), INTENT, NOW)
    going = start_leaving(asked, NOW)
    assert not is_intended(going, INTENT, NOW)
    assert not is_intended(going, INTENT._replace(mode="unsubscribe"), NOW)
    assert is_intended(after_request(going, NOW), INTENT._replace(mode="unsubscribe"), NOW)
    assert after_verification(after_request(going, NOW), INTENT, now=NOW, jitter=0) is None


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_lease_is_renewed_when_between_60_and_75_percent_are_over(jitter: float) -> None:
    one = after_verification(after_request(new(), NOW), INTENT._replace(lease_seconds="360000"), now=NOW, jitter=jitter)
    assert one is not None
    assert 59.9 * HOUR <= one.next_try_at - NOW <= 75 * HOUR


def test_a_hub_is_relied_on_while_it_delivers() -> None:
    live = confirmed()
    assert pushed_until(live, NOW) is None
    delivering = after_delivery(live, "1", now=NOW + HOUR)
    assert pushed_until(delivering, NOW + HOUR) == NOW + 10 * DAY
    assert pushed_until(delivering, NOW + 10 * DAY) is None
    assert pushed_until(start_leaving(delivering, NOW), NOW) is None
    missed = after_miss(delivering, NOW + 2 * HOUR)
    assert pushed_until(missed, NOW + 2 * HOUR) is None
    assert pushed_until(after_delivery(missed, "2", now=NOW + 3 * HOUR), NOW + 3 * HOUR) == NOW + 10 * DAY
    assert pushed_until(after_denial(delivering, "", now=NOW, jitter=0), NOW) is None


def test_only_the_last_deliveries_are_remembered() -> None:
    one = new()
    for number in range(60):
        one = after_delivery(one, str(number), now=NOW)
    assert (one.deliveries, one.seen[0], one.seen[-1], len(one.seen)) == (60, "10", "59", 50)


def test_the_signature_of_the_recommendations_own_kind_is_known() -> None:
    # RFC 4231 §4.3 and RFC 2202 §3, test case 2: what any other implementation makes of them.
    one = replace(new(), secret="Jefe")
    body = b"what do ya want for nothing?"
    sha1 = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature_problem(one, f"sha1={sha1}", body) is None
    assert signature_problem(one, f"sha256={sha256}", body) is None
    assert signature_problem(one, f"sha256={sha256}", body + b" ") == "wrong"
    assert signature_problem(one, f"sha256={sha1}", body) == "wrong"
    assert signature_problem(one, sha256, body) == "missing"


def test_each_state_has_words() -> None:
    asked, live = after_request(new(), NOW), confirmed()
    delivering = after_delivery(live, "1", now=NOW)
    refused = after_failure(asked, "no", now=NOW, jitter=0)
    going = start_leaving(live, NOW)
    told = {standing(one, NOW): explain(one, NOW) for one in (asked, live, delivering, refused, going)}
    assert told == {
        "asked": "requested at https://hub.example/, not verified yet",
        "subscribed": "subscribed at https://hub.example/ until 2026-05-11 12:00 UTC; "
        "polled as usual: nothing delivered yet",
        "delivering": "subscribed at https://hub.example/ until 2026-05-11 12:00 UTC",
        "refused": "not subscribed at https://hub.example/: no; next try at 2026-05-01 13:00 UTC",
        "leaving": "unsubscribing at https://hub.example/",
    }
    assert explain(new(), NOW) == "to be requested at https://hub.example/"
    failed = after_failure(after_request(going, NOW), "no", now=NOW, jitter=0)
    assert explain(failed, NOW).startswith("unsubscribing at https://hub.example/: no; next try at")


def test_a_feed_that_is_delivered_is_polled_seldom_and_keeps_its_own_interval() -> None:
    bounds = PollBounds(timedelta(minutes=15), DAY)
    poll = replace(new_poll("rain", "https://e.org/feed"), interval_s=3600)

    def polled(*, changed: bool, until: datetime | None, jitter: float = 0) -> tuple[datetime | None, int]:
        after = after_success(
            poll, {}, permanent=None, changed=changed, now=NOW, bounds=bounds, jitter=jitter, pushed_until=until
        )
        return after.next_check_at, after.interval_s

    assert polled(changed=False, until=None) == (NOW + 1.25 * HOUR, 4500)
    assert polled(changed=False, until=NOW + 10 * DAY) == (NOW + DAY, 3600)
    assert polled(changed=False, until=NOW + 10 * DAY, jitter=1) == (NOW + 0.9 * DAY, 3600)
    assert polled(changed=True, until=NOW + 10 * DAY) == (NOW + DAY, 1800)
    assert polled(changed=False, until=NOW + 5 * HOUR) == (NOW + 5 * HOUR, 3600)
    assert polled(changed=False, until=NOW + HOUR / 2) == (NOW + HOUR, 3600)
