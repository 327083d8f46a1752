"""`keys_reseal` follows a new SECRET_KEY, and says when the old one may go."""

from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, mode
from org import services


class Command(BaseCommand):
    """Seals with the newest key what an older one sealed; docs/keys.md has the steps around it."""

    help = (
        "Seal with the newest SECRET_KEY what one of SECRET_KEY_FALLBACKS sealed, and say what "
        "still needs an old key. Run it as often as you like. Exit code 1 while a key may not go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to write, and whether to name people."""
        parser.add_argument("--dry-run", action="store_true", help="count; change nothing")
        parser.add_argument("--who", action="store_true", help="name whose recovery codes are old")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError while the system is read-only."""
        is_trial = options["dry_run"]
        if not is_trial and mode.state().is_read_only:
            raise CommandError(str(mode.ReadOnly.message))
        done = services.keys_reseal(is_trial=is_trial, at=clock.now(), by=None)
        word = "to be sealed anew" if is_trial else "sealed anew"
        self.stdout.write(f"Seeds of apps {word}: {done.seeds}; answers kept: {done.answers}.")
        if done.phones or done.lost_phones:
            lost = f"; no key of ours opens {done.lost_phones}" if done.lost_phones else ""
            self.stdout.write(f"Phones of staff {word}: {done.phones}{lost}.")
        self._codes("of an old key: they must make new ones", done.old_codes, options["who"])
        self._codes("of a key that is gone: they open nothing", done.dead_codes, options["who"])
        if done.lost_seeds or done.lost_answers:
            self.stdout.write(
                f"No key of ours opens {done.lost_seeds} seeds and {done.lost_answers} answers: "
                "a key is missing in SECRET_KEY_FALLBACKS, or is lost."
            )
        if done.seals:
            self.stdout.write(
                f"{done.seals} seals of the trail were not made with the first key: keep theirs "
                "in HMS_AUDIT_KEYS for as long as the trail is kept."
            )
        needs_more = self._other_rooms(is_trial=is_trial)
        self._verdict(done, is_trial=is_trial, needs_more=needs_more)

    def _other_rooms(self, *, is_trial: bool) -> bool:
        """Rooms above seal too: run their commands, so that one verdict holds for all.

        Return whether one of them still needs an older key.
        """
        needs_more = False
        for name in sorted(get_commands()):
            if name.endswith("_reseal") and name != "keys_reseal":
                try:
                    call_command(name, dry_run=is_trial, stdout=self.stdout)
                except SystemExit:
                    needs_more = True
        return needs_more

    def _codes(self, which: str, names: list[str], is_named: bool) -> None:
        if names:
            self.stdout.write(f"People with unused recovery codes {which}: {len(names)}.")
        for name in names if is_named else []:
            self.stdout.write(f"  {name}")

    def _verdict(self, done: services.Resealed, *, is_trial: bool, needs_more: bool) -> None:
        if not settings.SECRET_KEY_FALLBACKS:
            self.stdout.write("SECRET_KEY_FALLBACKS is empty: there is no old key.")
            is_open = bool(done.lost_seeds or done.lost_phones) or needs_more
        else:
            needs_list = bool(done.seals) and not settings.AUDIT_KEYS_ARE_LISTED
            is_lost = bool(done.lost_seeds or done.lost_phones)
            is_open = bool(done.old_codes) or is_lost or needs_list or needs_more
            is_open = is_open or (is_trial and not done.is_done)
            if needs_list:
                self.stdout.write("HMS_AUDIT_KEYS is empty: list the new key and the old there.")
            self.stdout.write(
                "SECRET_KEY_FALLBACKS must stay."
                if is_open
                else "SECRET_KEY_FALLBACKS may be emptied 12 hours after every process has the new "
                "key: until then sessions need the old one."
            )
        if is_open:
            raise SystemExit(1)
