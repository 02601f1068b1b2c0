"""Photos on their way: a busy server, a lost answer, a change of mind, no more credits."""

from contextlib import suppress

from playwright.sync_api import Error, expect

from tests.browser.accessibility import faults_of
from tests.browser.people import enter
from tests.browser.playground.acts import ASTRONAUT, BATCH_WITHIN_MS, add, credits_left, hold_in, small_photos


def test_a_busy_server_is_asked_again_by_itself(wide, troubles):
    refusals = [503, 429]

    def refuse_at_first(route):
        if not refusals:
            return route.continue_()
        body = '{"code": "server_busy", "message": "Busy.", "request_id": "req_1"}'
        return route.fulfill(status=refusals.pop(), headers={"Retry-After": "1"}, body=body)

    wide.route("**/try/remove", refuse_at_first)
    add(wide, ASTRONAUT)
    expect(wide.locator(".row-note")).to_contain_text("busy")
    expect(wide.locator("canvas.cutout")).to_be_visible()

    assert refusals == []
    troubles.forgive("status of (503|429)")


def test_an_answer_that_got_lost_is_fetched_again_free(wide, troubles):
    before = credits_left(wide)
    devtools, lost = wide.context.new_cdp_session(wide), []

    def lose(answer):
        lost.append(answer["responseStatusCode"])
        devtools.send("Fetch.failRequest", {"requestId": answer["requestId"], "errorReason": "ConnectionReset"})

    devtools.on("Fetch.requestPaused", lose)
    devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*/try/remove", "requestStage": "Response"}]})
    add(wide, ASTRONAUT)
    expect(wide.locator(".row-note")).to_contain_text("connection broke off")
    devtools.send("Fetch.disable")
    assert lost == [200]
    wide.get_by_role("button", name="Try again: astronaut.png").click()
    expect(wide.locator("canvas.cutout")).to_be_visible()

    expect(wide.locator(".row-note")).to_contain_text("0 credits")
    assert credits_left(wide) == before - 1
    troubles.forgive("ERR_CONNECTION_RESET")


def test_a_photo_on_its_way_can_be_cancelled_started_again_and_removed(wide, troubles):
    held = []
    wide.route("**/try/remove", hold_in(held))
    add(wide, ASTRONAUT)
    wide.get_by_role("button", name="Cancel: astronaut.png").click()
    expect(wide.get_by_role("button", name="Start: astronaut.png")).to_be_visible()
    wide.unroute("**/try/remove")
    wide.get_by_role("button", name="Start: astronaut.png").click()
    expect(wide.locator("canvas.cutout")).to_be_visible()
    wide.get_by_role("button", name="Remove from the list: astronaut.png").click()

    expect(wide.locator(".row")).to_have_count(0)
    expect(wide.locator("#empty")).to_be_visible()


def test_no_more_than_three_uploads_are_under_way_together(wide, tmp_path):
    held = []
    wide.route("**/try/remove", hold_in(held))
    add(wide, *small_photos(tmp_path, 5))
    wide.locator("#start").click()
    expect(wide.locator(".row[data-state=sending], .row[data-state=working]")).to_have_count(3)
    wide.wait_for_timeout(300)
    assert len(held) == 3
    held[0].continue_()
    expect(wide.locator(".row[data-state=done]")).to_have_count(1)
    wide.wait_for_timeout(300)

    assert len(held) == 4


def test_who_runs_out_of_credits_is_told_whom_to_ask_and_loses_nothing(window, site, tmp_path, troubles):
    enter(window, site, email=f"{tmp_path.name}@example.com", organization=f"Poor {tmp_path.name}", credits=2)
    window.goto("/try/")
    add(window, *small_photos(tmp_path, 4))
    expect(window.locator("#broke")).to_contain_text("2 credits are missing")
    window.locator("#start").click()

    expect(window.locator(".row[data-state=done]")).to_have_count(2)
    expect(window.locator("#broke")).to_contain_text("no credits left")
    expect(window.locator("#broke")).to_contain_text("ask the person who runs this service")
    expect(window.locator("#credits")).to_have_text("0 credits left")
    assert faults_of(window) == []
    troubles.forgive("status of 402")


def test_one_of_twenty_is_cancelled_and_the_others_go_on(wide, tmp_path):
    before = credits_left(wide)
    wide.route("**/try/remove", held := Held())
    add(wide, *small_photos(tmp_path, 20))
    wide.locator("#start").click()
    with wide.expect_event("requestfailed"):  # else the browser may still send it when requests are let go
        wide.get_by_role("button", name="Cancel: photo-01.jpg").click()
    expect(wide.get_by_role("button", name="Start: photo-01.jpg")).to_be_visible()
    held.let_go()

    expect(wide.locator(".row[data-state=done]")).to_have_count(19, timeout=BATCH_WITHIN_MS)
    expect(wide.locator("#start")).to_have_text("Remove 1 background · 1 credit")
    assert credits_left(wide) == before - 19


class Held:
    """Lets requests hang until they are let go, and then those that come after."""

    def __init__(self):
        self.waiting, self.is_open = [], False

    def __call__(self, route):
        if self.is_open:
            route.continue_()
        else:
            self.waiting.append(route)

    def let_go(self):
        self.is_open = True
        for route in self.waiting:
            # One of them was cancelled by the page meanwhile.
            with suppress(Error):
                route.continue_()
