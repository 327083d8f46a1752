"""`setup` is the first production start: the hospital, its first site and its administrator."""

import getpass
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.errors import Invalid, ServiceError
from hms import setup_rules as rules
from org import selectors, services

PREFIX = "HMS_SETUP_"
ALREADY = "This database already holds a hospital. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Question:
    """One thing setup needs to know: option, question, rule, and what an empty answer means."""

    name: str
    text: str
    rule: Callable[[str], object]
    default: str | None = None
    is_secret: bool = False

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


QUESTIONS = (
    Question("hospital", "Name of the hospital", rules.text(120)),
    Question("site_code", "Short code of the first site", rules.code, "MAIN"),
    Question("site_name", "Name of the first site", rules.text(120), "Main site"),
    Question("time_zone", "Time zone", rules.time_zone, settings.TIME_ZONE),
    Question("currency", "Currency", rules.currency, settings.HMS_CURRENCY),
    Question("language", "Language", rules.language, settings.LANGUAGE_CODE),
    Question("logo", "Logo file, PNG or SVG (empty: none)", rules.logo, ""),
    Question("admin_username", "User name of the first administrator", rules.username, "admin"),
    Question("admin_family_name", "Their family name", rules.text(80)),
    Question("admin_given_name", "Their given name", rules.text(80, may_be_empty=True), ""),
    Question("admin_password", "Their password", rules.password, is_secret=True),
)


class Command(BaseCommand):
    """Asks on a terminal, or reads options and HMS_SETUP_…; runs once per database."""

    help = (
        "First start: the hospital, its first site and its first administrator. Answers come from "
        "options, from HMS_SETUP_… variables (or HMS_SETUP_…_FILE), or from a terminal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One option for each question; the password only from a file, a variable or a terminal."""
        parser.add_argument(
            "--no-input", action="store_true", help="never ask; name what is missing"
        )
        parser.add_argument("--admin-password-file", metavar="FILE")
        for question in QUESTIONS:
            if not question.is_secret:
                parser.add_argument(question.option, help=f"{question.text} ({question.variable})")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Gather the answers and set up, whole or not at all."""
        if selectors.installation() is not None:
            raise CommandError(ALREADY)
        given = {question.name: _given(question, options) for question in QUESTIONS}
        asks = not options["no_input"] and sys.stdin.isatty()
        answers = self._ask(given) if asks else _checked(given)
        try:
            admin = services.hospital_set_up(_hospital(answers), at=clock.now())
        except ServiceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{answers['hospital']} is set up. {admin.username} can sign in as administrator."
        )

    def _ask(self, given: dict[str, str | None]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for question in QUESTIONS:
            first = given[question.name]
            answers[question.name] = self._ask_one(question, first)
        return answers

    def _ask_one(self, question: Question, first: str | None) -> object:
        raw = first
        while True:
            if raw is None:
                raw = self._read(question)
            try:
                return question.rule(raw)
            except (Invalid, ValidationError) as error:
                self.stderr.write(_sentence(error))
            raw = None

    def _read(self, question: Question) -> str:
        hint = f" [{question.default}]" if question.default else ""
        prompt = f"{question.text}{hint}: "
        try:
            if question.is_secret:
                return self._read_secret(prompt)
            return input(prompt).strip() or question.default or ""
        except (EOFError, KeyboardInterrupt) as error:
            raise CommandError("Setup was left; nothing was changed.") from error

    def _read_secret(self, prompt: str) -> str:
        while True:
            first = getpass.getpass(prompt)
            if first == getpass.getpass("The same password again: "):
                return first
            self.stderr.write("The two passwords are not the same.")


def _given(question: Question, options: dict[str, Any]) -> str | None:
    """Return the answer of the option, of the variable or of the file it names; None for none.

    Raises CommandError for a file that cannot be read.
    """
    if question.is_secret:
        path = options["admin_password_file"] or os.environ.get(f"{question.variable}_FILE")
        return _content(path) if path else os.environ.get(question.variable)
    if options[question.name] is not None:
        return str(options[question.name])
    if path := os.environ.get(f"{question.variable}_FILE"):
        return _content(path)
    return os.environ.get(question.variable)


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise CommandError(f"The file {path} cannot be read.") from error


def _checked(given: dict[str, str | None]) -> dict[str, Any]:
    """Return every answer, defaults filled in. Raises CommandError with all that is wrong."""
    answers: dict[str, Any] = {}
    missing, wrong = [], []
    for question in QUESTIONS:
        raw = given[question.name]
        if raw is None:
            raw = question.default
        if raw is None:
            missing.append(f"  {question.text}: {_how(question)}")
            continue
        try:
            answers[question.name] = question.rule(raw)
        except (Invalid, ValidationError) as error:
            wrong.append(f"  {question.text}: {_sentence(error)}")
    if missing or wrong:
        raise CommandError(_complaint(missing, wrong))
    return answers


def _how(question: Question) -> str:
    if question.is_secret:
        return f"--admin-password-file, {question.variable}_FILE or {question.variable}"
    return f"{question.option} or {question.variable}"


def _complaint(missing: list[str], wrong: list[str]) -> str:
    parts = []
    if missing:
        parts += ["Setup cannot go on without:", *missing]
    if wrong:
        parts += ["These answers cannot be used:", *wrong]
    return "\n".join([*parts, "Nothing was changed."])


def _sentence(error: Invalid | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def _hospital(answers: dict[str, Any]) -> services.Hospital:
    return services.Hospital(
        name=answers["hospital"],
        **{name: answers[name] for name in answers if name != "hospital"},
    )
