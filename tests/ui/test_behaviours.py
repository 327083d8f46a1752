"""What the shell's scripts do: keys, dialogs, forms that are kept, live lists that say so."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from org import services
from tests.factories.org import STARTED

PART = """html => {
    document.querySelector('main').insertAdjacentHTML('beforeend', html);
    htmx.process(document.querySelector('main'));
    document.dispatchEvent(new CustomEvent('htmx:after:swap', {detail: {ctx: {}}}));
}"""


@pytest.fixture
def staff_page(quiet_page: Page, live_server: object, sign_in: Callable) -> Page:
    """The gallery, as the administrator sees it."""
    sign_in("system_administrator")
    quiet_page.goto(f"{live_server.url}/gallery/")
    return quiet_page


def answering(page: Page, pattern: str, status: int, body: str = "", **headers: str) -> None:
    """Answer requests to the pattern without asking the server."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=body, headers=headers, content_type="text/html")

    page.route(re.compile(pattern), answer)


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent.trim()")


def test_arrows_walk_the_search_and_escape_returns(staff_page: Page) -> None:
    staff_page.locator(".hms-row-link").first.focus()
    before = focused(staff_page)
    staff_page.keyboard.press("/")
    expect(staff_page.locator("#hms-search-q")).to_be_focused()
    expect(staff_page.locator(".hms-result").first).to_be_visible()
    staff_page.keyboard.press("ArrowDown")
    expect(staff_page.locator(".hms-result").first).to_be_focused()
    staff_page.keyboard.press("ArrowUp")
    expect(staff_page.locator("#hms-search-q")).to_be_focused()
    staff_page.keyboard.press("Escape")
    expect(staff_page.locator("dialog[open]")).to_have_count(0)
    assert focused(staff_page) == before


def test_enter_opens_the_first_result(staff_page: Page) -> None:
    staff_page.keyboard.press("Control+k")
    staff_page.keyboard.type("roles")
    expect(staff_page.locator('[data-hms-query="roles"]')).to_be_visible()
    staff_page.keyboard.press("Enter")
    staff_page.wait_for_url("**/roles/")


def test_arrows_walk_the_rows(staff_page: Page) -> None:
    links = staff_page.locator("[data-hms-rows] .hms-row-link")
    links.first.focus()
    staff_page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    staff_page.keyboard.press("End")
    expect(links.last).to_be_focused()
    staff_page.keyboard.press("ArrowUp")
    expect(links.nth(2)).to_be_focused()


def test_single_keys_are_silent_while_typing_and_when_switched_off(staff_page: Page) -> None:
    staff_page.locator("#id_family_name").focus()
    staff_page.keyboard.press("?")
    expect(staff_page.locator("dialog[open]")).to_have_count(0)
    staff_page.evaluate("document.activeElement.blur()")
    staff_page.keyboard.press("?")
    expect(staff_page.locator("#hms-keys-dialog")).to_be_visible()
    staff_page.keyboard.press("Escape")
    staff_page.evaluate("document.documentElement.dataset.singleKeys = 'off'")
    staff_page.keyboard.press("?")
    expect(staff_page.locator("dialog[open]")).to_have_count(0)


def test_night_mode_shows_at_once_and_is_kept(staff_page: Page) -> None:
    with staff_page.expect_response("**/preferences/") as kept:
        staff_page.get_by_role("button", name="Night mode").click()
    assert kept.value.status == 204
    expect(staff_page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    staff_page.reload()
    expect(staff_page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(staff_page.get_by_role("button", name="Night mode")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_choice_is_kept_without_scripts(
    browser: object, context: object, live_server: object, sign_in: Callable
) -> None:
    hospital = sign_in("system_administrator")
    bare = browser.new_context(java_script_enabled=False)
    bare.add_cookies(context.cookies())
    page = bare.new_page()
    page.goto(f"{live_server.url}/gallery/")
    page.get_by_role("button", name="Night mode").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.url == f"{live_server.url}/gallery/"
    page.locator("summary.hms-who").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#id_username")).to_be_visible()
    bare.close()
    services.preferences_set(hospital.admin, values={"theme": "light"}, at=STARTED)


def test_menus_close_on_escape_and_give_the_focus_back(staff_page: Page) -> None:
    staff_page.locator("summary.hms-who").click()
    expect(staff_page.get_by_role("button", name="Sign out")).to_be_visible()
    staff_page.keyboard.press("Tab")
    staff_page.keyboard.press("Escape")
    expect(staff_page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(staff_page.locator("summary.hms-who")).to_be_focused()


def test_the_phone_reaches_every_entry_by_keyboard(staff_page: Page) -> None:
    staff_page.set_viewport_size({"width": 390, "height": 844})
    more = staff_page.locator(".hms-tabs summary")
    more.focus()
    staff_page.keyboard.press("Enter")
    entries = staff_page.locator(".hms-tabs a")
    assert entries.count() >= 5
    for at in range(entries.count()):
        expect(entries.nth(at)).to_be_visible()


FORM = """<form id="f" method="post" action="/x/" hx-post="/x/" hx-target="#f" hx-swap="outerHTML"
    ><input id="n" name="n"><button type="submit">Send</button></form>"""


def test_a_refused_form_keeps_the_text_and_focuses_the_errors(staff_page: Page) -> None:
    refused = (
        '<form id="f" method="post"><div tabindex="-1" data-hms-errors>Wrong</div>'
        '<input id="n" name="n" value="typed"></form>'
    )
    answering(staff_page, "/x/$", 422, refused)
    staff_page.evaluate(PART, FORM)
    staff_page.fill("#n", "typed")
    staff_page.get_by_role("button", name="Send").click()
    expect(staff_page.locator("[data-hms-errors]")).to_be_focused()
    assert staff_page.input_value("#n") == "typed"


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "Your role does not allow this"), (409, "Somebody else"), (429, "Too many requests")],
)
def test_a_refusal_shows_the_bar_and_leaves_the_form(
    staff_page: Page, status: int, words: str
) -> None:
    answering(staff_page, "/x/$", status, "<h1>Page</h1>", **{"X-Request-Id": "ref-12345"})
    staff_page.evaluate(PART, FORM)
    staff_page.fill("#n", "typed")
    staff_page.get_by_role("button", name="Send").click()
    bar = staff_page.locator("#hms-error-bar")
    expect(bar).to_contain_text(words)
    expect(bar).to_contain_text("ref-12345")
    assert staff_page.input_value("#n") == "typed"
    bar.get_by_role("button").click()
    expect(bar).to_have_count(0)


def test_a_lost_server_shows_the_bar_and_leaves_the_form(
    page: Page, live_server: object, sign_in: Callable
) -> None:
    sign_in("system_administrator")
    page.goto(f"{live_server.url}/gallery/")
    page.route(re.compile("/x/$"), lambda route: route.abort())
    page.evaluate(PART, FORM)
    page.fill("#n", "typed")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#hms-error-bar")).to_contain_text("did not answer")
    assert page.input_value("#n") == "typed"


def test_a_form_is_sent_once(staff_page: Page) -> None:
    sent: list[str] = []
    staff_page.route(re.compile("/x/$"), lambda route: sent.append(route.request.method))
    staff_page.evaluate(PART, FORM)
    staff_page.evaluate(
        "const f = document.querySelector('#f'); f.requestSubmit(); f.requestSubmit()"
    )
    staff_page.wait_for_timeout(300)
    assert sent == ["POST"]


def test_harm_is_asked_about_first(staff_page: Page) -> None:
    answering(staff_page, "/x/$", 200, "<p>Closed</p>", **{"HMS-Toast": '{"text": "Closed."}'})
    question = FORM.replace("<form", '<form data-hms-confirm="Close it?"')
    staff_page.evaluate(PART, question)
    staff_page.get_by_role("button", name="Send").click()
    dialog = staff_page.locator("#hms-confirm")
    expect(dialog).to_contain_text("Close it?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(staff_page.locator("#f")).to_have_count(1)
    staff_page.get_by_role("button", name="Send").click()
    dialog.get_by_role("button", name="Send").click()
    expect(staff_page.locator(".hms-toast")).to_contain_text("Closed.")


def test_leaving_typed_text_is_warned_about(staff_page: Page) -> None:
    asked: list[str] = []
    staff_page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    staff_page.evaluate(PART, FORM)
    staff_page.locator("#n").press_sequentially("typed")
    staff_page.reload()
    assert asked == ["beforeunload"]


LIVE = """<div id="live" data-hms-poll="0" hx-get="/live/" hx-trigger="hms:poll"></div>"""


def test_a_live_list_says_so_and_asks_with_its_own_header(staff_page: Page) -> None:
    headers: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        headers.append(route.request.headers)
        route.fulfill(status=304)

    staff_page.route(re.compile("/live/$"), answer)
    with staff_page.expect_request(re.compile("/live/$")):
        staff_page.evaluate(PART, LIVE)
    expect(staff_page.locator("#hms-live")).to_contain_text(re.compile(r"Live, updated \d\d:\d\d"))
    assert headers[0]["hms-poll"] == "1"


def test_three_failures_freeze_the_page_and_an_answer_frees_it(
    page: Page, live_server: object, sign_in: Callable
) -> None:
    sign_in("system_administrator")
    page.goto(f"{live_server.url}/gallery/")
    answering(page, "/live/$", 503)
    page.evaluate(PART, LIVE)
    expect(page.locator("#hms-stale")).to_be_visible()
    expect(page.locator("#hms-live")).to_contain_text("Not updating since")
    expect(page.locator("html")).to_have_attribute("data-frozen", "")
    assert page.locator("#hms-error-bar").count() == 0
    page.unroute_all()
    answering(page, "/live/$", 304)
    expect(page.locator("#hms-stale")).to_be_hidden()
    assert page.locator("html[data-frozen]").count() == 0
