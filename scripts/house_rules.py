"""`make check`, "house rules": what neither ruff nor bandit looks for (SEC-S4).

python -m scripts.house_rules       names each fault as file:line, rule, why
What is right all the same stands in config/house_rules.yaml with its reason; a reason for something
that is not there any more is a fault too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "config" / "house_rules.yaml"
# Words that name a person or open a door: no line of a log carries a field of this name.
PERSONAL = re.compile(
    r"^(user_?name|full_?name|(family|given|first|last|patient|known_as)_?name|name|who|e?mail|phone"
    r"|address|born\w*|birth\w*|mrn|national_id|password|pin|token|secret|key|body|payload|user"
    r"|patient|person)$"
)
NUMBER = re.compile(r"^(pk|id|public_id|\w+_id)$")
SECRET = re.compile(r"(^|_)(token|secret|mac|signature|password|pin|hmac)$")
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
WAITS = {"run", "call", "check_call", "check_output", "HTTPConnection", "HTTPSConnection"}
WAITS |= {"create_connection", "urlopen"}
ADDRESS = {"REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "X-Forwarded-For"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One line that breaks a rule; `place` is the file and the function around the line."""

    rule: str
    path: str
    line: int
    function: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}::{self.function}" if self.function else self.path


def _called(node: ast.AST) -> str:
    """The last word of what is called, "" for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return _last_word(node.func)


def _last_word(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_built(node: ast.AST) -> bool:
    """Say whether a text is put together here instead of standing there as it is."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        is_constant = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)
        return not is_constant
    return _called(node) in {"format", "join"}


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in node.keywords if word.arg == name), None)


def _first(node: ast.AST) -> ast.expr | None:
    return node.args[0] if isinstance(node, ast.Call) and node.args else None


def built_sql(node: ast.AST) -> bool:
    """A statement put together from parts: values belong into parameters."""
    first = _first(node)
    return _called(node) in {"execute", "executemany"} and first is not None and _is_built(first)


def raw_queries(node: ast.AST) -> bool:
    """`.raw(…)`: it passes by what people may see."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "raw"
    )


def unescaped_markup(node: ast.AST) -> bool:
    """HTML that is called safe, or a pattern of HTML that is itself put together."""
    if _called(node) in {"SafeString", "SafeText", "mark_safe"}:
        return True
    first = _first(node)
    if _called(node) == "format_html":
        return not isinstance(first, ast.Constant)
    kind = _keyword(node, "content_type") if isinstance(node, ast.Call) else None
    return (
        _called(node) == "HttpResponse" and kind is None and first is not None and _is_built(first)
    )


def secrets_compared_by_their_letters(node: ast.AST) -> bool:
    """`==` between secrets tells by its time how much was right: use compare_digest."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return False
    sides = [node.left, *node.comparators]
    if any(isinstance(side, ast.Constant) for side in sides):
        return False
    return any(SECRET.search(_last_word(side)) for side in sides)


def waits_without_end(node: ast.AST) -> bool:
    """A program or machine of others that hangs must not hang us: say `timeout`."""
    if _called(node) not in WAITS or not isinstance(node, ast.Call):
        return False
    owner = _last_word(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    is_ours = _called(node) in {"run", "call"} and owner != "subprocess"
    return not is_ours and _keyword(node, "timeout") is None


def people_in_logs(node: ast.AST) -> bool:
    """A log line is a fixed word and fields that name nobody."""
    if _called(node) not in LOG_CALLS or not isinstance(node, ast.Call):
        return False
    func = node.func
    if not isinstance(func, ast.Attribute) or _last_word(func.value) not in {"log", "logger"}:
        return False
    fields = {word.arg: word.value for word in node.keywords if word.arg}
    extra = fields.pop("extra", None)
    if isinstance(extra, ast.Dict):
        pairs = zip(extra.keys, extra.values, strict=True)
        fields |= {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
    first = _first(node)
    return (
        first is None or _is_built(first) or any(_names_somebody(*each) for each in fields.items())
    )


def _names_somebody(name: str, value: ast.expr) -> bool:
    return bool(PERSONAL.match(name)) and not NUMBER.match(_last_word(value))


def every_column_at_once(node: ast.AST) -> bool:
    """`fields = "__all__"`: a new column would be shown, and taken, by itself."""
    return (
        isinstance(node, ast.Assign)
        and _last_word(node.targets[0]) in {"fields", "exclude"}
        and isinstance(node.value, ast.Constant)
        and node.value.value == "__all__"
    )


def settings_of_a_workshop(node: ast.AST) -> bool:
    """DEBUG that may be true, or hosts of everybody."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    name = _last_word(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
    if name == "DEBUG":
        return not (isinstance(node.value, ast.Constant) and node.value.value is False)
    if name not in {"ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"}:
        return False
    words = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
    return any(isinstance(word, str) and "*" in word for word in words)


def the_address_of_a_browser(node: ast.AST) -> bool:
    """Who asks from where is found in one place, which knows how many proxies there are."""
    return isinstance(node, ast.Constant) and node.value in ADDRESS


def open_cookies(node: ast.AST) -> bool:
    """A cookie of ours says httponly, secure and samesite."""
    if _called(node) != "set_cookie" or not isinstance(node, ast.Call):
        return False
    return any(_keyword(node, name) is None for name in ("httponly", "secure", "samesite"))


def where_the_browser_says(node: ast.AST) -> bool:
    """A redirect to an address that came with the request, unchecked."""
    first = _first(node)
    if _called(node) not in {"HttpResponseRedirect", "redirect"} or first is None:
        return False
    return any(_last_word(each) in {"GET", "POST", "META", "headers"} for each in ast.walk(first))


RULES: dict[str, Callable[[ast.AST], bool]] = {
    check.__name__.replace("_", "-"): check
    for check in (
        built_sql,
        raw_queries,
        unescaped_markup,
        secrets_compared_by_their_letters,
        waits_without_end,
        people_in_logs,
        every_column_at_once,
        settings_of_a_workshop,
        the_address_of_a_browser,
        open_cookies,
        where_the_browser_says,
    )
}
TEXTS: dict[str, tuple[str, re.Pattern[str], str]] = {
    "unescaped-templates": (
        "templates/**/*.html",
        re.compile(r"\|\s*(?:safe|safeseq)\b|{%\s*autoescape\s+off|{%\s*debug\b"),
        "What a template shows is escaped, always.",
    ),
    "values-without-quotes": (
        "templates/**/*.html",
        re.compile(r"\s[a-z-]+=\{\{"),
        "A value of an attribute stands in quotes: a blank in it would begin another one.",
    ),
    "markup-from-scripts": (
        "static/js/*.js",
        re.compile(
            r"\beval\s*\(|new Function\b|\.(?:inner|outer)HTML\s*\+?=|insertAdjacentHTML"
            r"|document\.write|set(?:Timeout|Interval)\s*\(\s*[\"'`]"
        ),
        "Scripts write text, never markup or program.",
    ),
}


def why(rule: str) -> str:
    """Return the reason of a rule, in a sentence."""
    return TEXTS[rule][2] if rule in TEXTS else (RULES[rule].__doc__ or "").strip()


def faults_of_program(text: str, path: str) -> Iterator[Fault]:
    """Yield what a Python file does against the rules."""
    tree = ast.parse(text)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for node in ast.walk(tree):
        for name, is_fault in RULES.items():
            if is_fault(node):
                line = getattr(node, "lineno", 0)
                around = [
                    each for each in functions if each.lineno <= line <= (each.end_lineno or 0)
                ]
                yield Fault(name, path, line, around[-1].name if around else "")


def faults_of_text(rule: str, text: str, path: str) -> Iterator[Fault]:
    """Yield where a template or script breaks one rule."""
    for found in TEXTS[rule][1].finditer(text):
        yield Fault(rule, path, text.count("\n", 0, found.start()) + 1)


def faults(root: Path = ROOT) -> list[Fault]:
    """Return everything the product does against the rules, explained or not."""
    found: list[Fault] = []
    for package in sorted(path.parent for path in root.glob("*/__init__.py")):
        if package.name in {"tests", "scripts", "bench"}:
            continue
        for path in sorted(package.rglob("*.py")):
            if "migrations" in path.parts:  # they run once, on names of settings only
                continue
            text = path.read_text(encoding="utf-8")
            found += faults_of_program(text, path.relative_to(root).as_posix())
    for rule, (pattern, _words, _why) in TEXTS.items():
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            found += faults_of_text(rule, text, path.relative_to(root).as_posix())
    return found


def judged(found: list[Fault], explained: dict[str, dict[str, str]]) -> list[str]:
    """Return what must be mended: faults without a reason, reasons without a fault."""
    lines = [
        f"{fault.path}:{fault.line}: {fault.rule}: {why(fault.rule)}"
        for fault in found
        if not explained.get(fault.rule, {}).get(fault.place)
    ]
    there = {(fault.rule, fault.place) for fault in found}
    told = [(rule, place) for rule, places in explained.items() for place in places]
    lines += [
        f"config/house_rules.yaml: {rule}: {place} is explained and not there"
        for rule, place in told
        if (rule, place) not in there
    ]
    return lines


def main() -> int:
    """Command line; returns the exit code."""
    explained = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or {}
    lines = judged(faults(), explained)
    for line in lines:
        say(f"  {line}")
    if lines:
        fail(f"{len(lines)} places break a rule of the house.")
        return 1
    say(f"{len(RULES) + len(TEXTS)} rules, nothing unexplained.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
