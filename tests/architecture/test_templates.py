"""Templates and styles keep the house's rules (design rules 3.3, 3.4, 36; SEC-I7)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = ROOT / "static" / "css" / "hms.css"
BOOTSTRAP = next((ROOT / "static" / "vendor").glob("bootstrap-*/bootstrap.min.css"))
SPRITE = ROOT / "static" / "img" / "icons.svg"
PYTHON = [
    path
    for room in ("core", "audit", "org", "hms")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
]

COMMENTS = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.S)
TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.S)
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*="),
    "a style element": re.compile(r"<style\b"),
    "an event attribute": re.compile(r"\son[a-z]+\s*="),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")"),
    "script in htmx": re.compile(
        r"\bhx-on\b|hx-vals=[\"']js:|hx-trigger=[\"'][^\"']*\[|javascript:"
    ),
    "an htmx 2 spelling": re.compile(
        r"hx-disabled-elt|hx-ext\b|hx-inherit|hx-disinherit|hx-history\b|hx-params|hx-prompt"
        r"|hx-request=|hx-ws|sse-connect|sse-swap|htmx:[a-z]+[A-Z]"
    ),
    "an address of somebody else": re.compile(r"(?:src|href)=[\"'](?:https?:)?//"),
    "Bootstrap's script, which is not loaded": re.compile(r"data-bs-(?:toggle|dismiss|target)"),
}
HTMX_INHERITED = re.compile(r"<body[^>]*\shx-(?:headers|target|swap)=")


def source(path: Path) -> str:
    return COMMENTS.sub("", path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    found = [name(path) for path in TEMPLATES if FORBIDDEN[what].search(source(path))]
    assert found == []


def test_what_every_element_needs_is_inherited_by_name() -> None:
    assert [name(path) for path in TEMPLATES if HTMX_INHERITED.search(source(path))] == []


def test_htmx_attributes_stand_in_templates_only() -> None:
    attribute = re.compile(r"hx-(?:get|post|target|swap|trigger|status|headers)")
    found = [name(path) for path in PYTHON if attribute.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_own_classes_are_ours_and_the_others_are_bootstraps() -> None:
    bootstrap = set(re.findall(r"\.([a-z][a-z0-9-]*)", BOOTSTRAP.read_text(encoding="utf-8")))
    own = set(re.findall(r"\.(hms-[a-z0-9-]+)", STYLES.read_text(encoding="utf-8")))
    unknown = {}
    for path in TEMPLATES:
        words = re.findall(r"\bclass=\"([^\"]*)\"", TAGS.sub(" \x00 ", source(path)))
        used = {word for value in words for word in value.split() if "\x00" not in word}
        # A word that a tag completes, such as hms-tone-{{ tone }}, ends in a hyphen.
        missing = {word for word in used if word not in bootstrap | own and word[-1] != "-"}
        if missing:
            unknown[name(path)] = sorted(missing)
    assert unknown == {}


def test_every_icon_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))
    unknown = {}
    for path in TEMPLATES:
        text = source(path)
        used = re.findall(r'{% icon "([^"]+)"', text)
        used += re.findall(r'{% icon [\w.]+\|default:"([^"]+)"', text)
        used += re.findall(r'icon_name="([^"]+)"', text)
        used += re.findall(r'{% status "?[\w.]+"? "([^"]+)"', text)
        if missing := set(used) - known:
            unknown[name(path)] = sorted(missing)
    assert unknown == {}


def test_every_own_selector_starts_with_our_name() -> None:
    rules = re.sub(
        r"/\*.*?\*/|url\(.*?\)|\"[^\"]*\"", "", STYLES.read_text(encoding="utf-8"), flags=re.S
    )
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", rules))
    bootstrap = {"btn", "btn-sm", "btn-primary", "form-control", "form-select", "form-check-input"}
    foreign = bootstrap | {"htmx-indicator", "htmx-request"}
    assert {word for word in classes if not word.startswith("hms-")} - foreign == set()


PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)\b|(?<![\w-])(?:left|right)\s*:"
    r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)"
)


def test_styles_name_no_left_and_right() -> None:
    text = STYLES.read_text(encoding="utf-8")
    assert PHYSICAL.findall(text) == []


def test_styles_use_nothing_newer_than_the_oldest_browser() -> None:
    newer = re.compile(
        r"color-mix\(|light-dark\(|subgrid|:has\(|@container|@layer|@scope|\[popover"
    )
    assert (
        newer.findall(re.sub(r"/\*.*?\*/", "", STYLES.read_text(encoding="utf-8"), flags=re.S))
        == []
    )


def block(selector: str, text: str) -> str:
    start = text.index(selector) + len(selector)
    return " ".join(text[text.index("{", start) + 1 : text.index("}", start)].split())


def test_the_colours_of_the_device_are_the_night_colours() -> None:
    text = STYLES.read_text(encoding="utf-8")
    assert block('[data-bs-theme="auto"]', text) == block('[data-bs-theme="dark"]', text)


def test_every_theme_sets_every_colour() -> None:
    text = STYLES.read_text(encoding="utf-8")
    tokens = re.compile(r"(--[\w-]+):")
    light = set(tokens.findall(block('[data-bs-theme="light"]', text))) - {"--font"}
    for theme in ("dark", "contrast"):
        assert light - set(tokens.findall(block(f'[data-bs-theme="{theme}"]', text))) == set()


def test_names_and_medicines_are_never_cut_short() -> None:
    text = STYLES.read_text(encoding="utf-8")
    for css in ("hms-name", "hms-known-as", "hms-dose", "hms-row-link"):
        for rule in re.findall(rf"\.{css}[^{{}}]*{{([^}}]*)}}", text):
            assert "ellipsis" not in rule
            assert "overflow: hidden" not in rule


def test_every_post_form_carries_the_token() -> None:
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.S)
    forms = [(name(path), text) for path in TEMPLATES for text in form.findall(source(path))]
    assert [where for where, text in forms if "{% csrf_token %}" not in text] == []
