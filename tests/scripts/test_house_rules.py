"""Each rule of the house finds a planted fault and leaves what is right alone (SEC-S4)."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts import house_rules as rules

PLANTED = [
    ("built-sql", "cursor.execute(f'DROP TABLE {name}')", "cursor.execute('SELECT %s', [name])"),
    ("built-sql", "cursor.execute('LOCK TABLE ' + name)", "cursor.execute(_SQL, [name])"),
    ("built-sql", "cursor.execute('DROP TABLE %s' % name)", "executor.submit(f'{name}')"),
    ("built-sql", "cursor.execute('DROP {}'.format(name))", "cursor.execute('a' 'b')"),
    ("raw-queries", "User.objects.raw('SELECT 1')", "User.objects.filter(raw=True)"),
    ("unescaped-markup", "SafeString(text)", "def icon() -> SafeString: ..."),
    ("unescaped-markup", "format_html(f'<b>{name}</b>')", "format_html('<b>{}</b>', name)"),
    ("unescaped-markup", "HttpResponse(f'<p>{name}')", "HttpResponse(page)"),
    (
        "unescaped-markup",
        "HttpResponse('<p>%s' % name)",
        "HttpResponse(f'{name}', content_type='text/plain')",
    ),
    ("secrets-compared-by-their-letters", "given == row.token", "compare_digest(given, token)"),
    ("secrets-compared-by-their-letters", "mac != expected", "password == ''"),
    ("waits-without-end", "subprocess.run(['ls'])", "subprocess.run(['ls'], timeout=5)"),
    ("waits-without-end", "HTTPConnection('h')", "HTTPConnection('h', timeout=1)"),
    ("waits-without-end", "urlopen(address)", "self.run(address)"),
    ("people-in-logs", "log.info(f'{name} came')", "log.info('came')"),
    ("people-in-logs", "log.info('came', user=user)", "log.info('came', user=user.pk)"),
    ("people-in-logs", "log.warning('no', name=row.name)", "log.warning('no', route=route)"),
    (
        "people-in-logs",
        "logger.error('no', extra={'mrn': x})",
        "logger.error('no', extra={'n': x})",
    ),
    ("every-column-at-once", "fields = '__all__'", "fields = ['name']"),
    ("settings-of-a-workshop", "DEBUG = env.bool('DEBUG')", "DEBUG = False"),
    ("settings-of-a-workshop", "DEBUG: bool = True", "DEBUG: bool = False"),
    ("settings-of-a-workshop", "ALLOWED_HOSTS = ['*']", "ALLOWED_HOSTS = env.list('HOSTS')"),
    ("settings-of-a-workshop", "ALLOWED_HOSTS = x or ['*.a.org']", "HOSTS = ['*']"),
    ("the-address-of-a-browser", "request.META['REMOTE_ADDR']", "request.META['PATH_INFO']"),
    (
        "open-cookies",
        "answer.set_cookie('a', 'b', httponly=True)",
        "answer.set_cookie('a', 'b', httponly=True, secure=True, samesite='Lax')",
    ),
    ("where-the-browser-says", "redirect(request.GET['next'])", "redirect(next_of(request))"),
    (
        "where-the-browser-says",
        "HttpResponseRedirect(request.POST.get('next', '/'))",
        "HttpResponseRedirect('/')",
    ),
]


def _found(text: str) -> set[str]:
    return {fault.rule for fault in rules.faults_of_program(text, "core/planted.py")}


@pytest.mark.parametrize(("rule", "fault", "right"), PLANTED)
def test_a_planted_fault_is_found_and_its_neighbour_is_not(
    rule: str, fault: str, right: str
) -> None:
    assert _found(fault) == {rule}
    assert _found(right) == set()


TEXTS = [
    ("unescaped-templates", "<p>{{ name|safe }}</p>", "<p>{{ name }} is safe</p>"),
    ("unescaped-templates", "{% autoescape off %}", "{% autoescape on %}"),
    ("unescaped-templates", "{{ names | safeseq|join:', ' }}", "{{ names|join:', ' }}"),
    ("values-without-quotes", "<a href={{ url }}>", '<a href="{{ url }}">'),
    ("markup-from-scripts", "row.innerHTML = name;", "row.textContent = name;"),
    ("markup-from-scripts", "eval(text)", "medieval(text)"),
    ("markup-from-scripts", "setTimeout('go()', 1)", "setTimeout(go, 1)"),
]


@pytest.mark.parametrize(("rule", "fault", "right"), TEXTS)
def test_a_planted_fault_in_a_template_or_script_is_found(
    rule: str, fault: str, right: str
) -> None:
    [found] = rules.faults_of_text(rule, f"\n{fault}\n", "templates/planted.html")
    assert found.line == 2
    assert not list(rules.faults_of_text(rule, right, "templates/planted.html"))


def test_every_rule_is_tried_here_and_says_why() -> None:
    assert {rule for rule, *_each in PLANTED} == set(rules.RULES)
    assert {rule for rule, *_each in TEXTS} == set(rules.TEXTS)
    assert all(rules.why(rule).endswith(".") or ":" in rules.why(rule) for rule in rules.RULES)


def test_the_tree_is_searched_whole(tmp_path: Path) -> None:
    for name in ("lab/deep/a.py", "tests/b.py", "lab/migrations/c.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("def f():\n    cursor.execute(f'{x}')\n")
    for name in ("lab/__init__.py", "tests/__init__.py"):
        (tmp_path / name).touch()
    (tmp_path / "templates/lab").mkdir(parents=True)
    (tmp_path / "templates/lab/a.html").write_text("{{ x|safe }}")
    found = [(fault.rule, fault.place) for fault in rules.faults(tmp_path)]
    assert found == [
        ("built-sql", "lab/deep/a.py::f"),
        ("unescaped-templates", "templates/lab/a.html"),
    ]


def test_only_a_reason_quiets_a_fault_and_only_while_it_is_there() -> None:
    fault = rules.Fault("raw-queries", "lab/a.py", 3, "f")
    assert len(rules.judged([fault], {})) == 1
    assert len(rules.judged([fault], {"raw-queries": {"lab/a.py::f": ""}})) == 1
    assert rules.judged([fault], {"raw-queries": {"lab/a.py::f": "a reason"}}) == []
    [line] = rules.judged([], {"raw-queries": {"lab/a.py::f": "a reason"}})
    assert "explained and not there" in line


def test_the_product_keeps_every_rule() -> None:
    explained = yaml.safe_load(rules.EXPLAINED.read_text(encoding="utf-8"))
    assert rules.judged(rules.faults(), explained) == []


# What ruff looks for: this only proves that it is switched on for the product.
RUFF = [
    ("S308", "from django.utils.safestring import mark_safe\nmark_safe(name)"),
    ("S506", "import yaml\nyaml.load(text)"),
    ("S301", "import pickle\npickle.loads(text)"),
    ("S602", "import subprocess\nsubprocess.run(text, shell=True)"),
    ("S605", "import os\nos.system(text)"),
    ("S307", "eval(text)"),
    ("S608", "cursor.execute(f'SELECT * FROM a WHERE b = {text}')"),
    ("S610", "from django.contrib.auth.models import User\nUser.objects.extra(where=[text])"),
    ("S611", "from django.db.models.expressions import RawSQL\nRawSQL(text, [])"),
    ("S113", "import requests\nrequests.get(text)"),
    ("S324", "import hashlib\nhashlib.md5(text)"),
    ("S311", "import random\nrandom.random()"),
    ("S501", "import requests\nrequests.get(text, verify=False, timeout=1)"),
    ("G004", "import logging\nlogging.getLogger('x').info(f'{text}')"),
    ("DTZ005", "import datetime\ndatetime.datetime.now()"),
    ("TID251", "from django.utils.timezone import now"),
    ("TID251", "from django.views.decorators.csrf import csrf_exempt"),
    ("TID251", "import pickle"),
    ("TID251", "import requests"),
    ("TID251", "import urllib.request"),
]


@pytest.mark.parametrize(("code", "text"), RUFF)
def test_ruff_looks_for(code: str, text: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"),
            *("--stdin-filename", "lab/planted.py", "-"),
        ],
        cwd=rules.ROOT,
        input=f'"""Planted."""\n\n{text}\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f" {code} " in done.stdout, done.stdout + done.stderr
