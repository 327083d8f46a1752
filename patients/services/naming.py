"""Names of a patient: the one that counts, earlier ones, and the words by which all are found."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from patients.models import NameWord, Patient, PatientName, PatientWord
from patients.rules.names import key_words, sound
from patients.states import ChangeKind, NameUse

COUNTING = (NameUse.OFFICIAL, NameUse.TEMP)
LONGEST_WORD = 80


def name_set(
    patient: Patient,
    *,
    family: str,
    given: str,
    title: str,
    use: str,
    kind: str,
    since: date,
    by: int | None,
) -> None:
    """The patient's name is as given: in place of a wrong one, or after an earlier one.

    The caller has locked the patient and stores its columns.
    """
    old = (
        PatientName.objects.filter(patient=patient, use__in=COUNTING, period__contains=since)
        .order_by("-id")
        .first()
    )
    values = {"family": family, "given": given, "title": title, "use": use}
    is_wrong = kind == ChangeKind.CORRECTION or (old is not None and old.period.lower == since)
    if old is not None and is_wrong and old.use == use:
        PatientName.objects.filter(pk=old.pk).update(**values, version=old.version + 1)
    else:
        if old is not None:
            ended(old, since)
        PatientName.objects.create(
            patient=patient, period=(since, None), recorded_by_id=by, **values
        )
    patient.family, patient.given, patient.title = family, given, title
    words_index(patient)


def ended(row: PatientName, on: date) -> None:
    """The row counts until that day; one that began on it counts for no day at all."""
    type(row)._default_manager.filter(pk=row.pk).update(
        period=(row.period.lower, on), version=row.version + 1
    )


def other_name_add(
    patient: Patient, *, family: str, given: str, use: str, since: date, by: int | None
) -> None:
    """The patient is also called so: at birth, or by those who know them."""
    PatientName.objects.create(
        patient=patient,
        use=use,
        family=family,
        given=given,
        period=(since, None),
        recorded_by_id=by,
    )
    words_index(patient)


def _words(names: Iterable[tuple[str, str]]) -> set[tuple[str, bool]]:
    found = set()
    for family, given in names:
        for text, is_family in ((family, True), (given, False)):
            words = key_words(text)
            joined = ("".join(words),) if len(words) > 1 else ()
            found |= {(word[:LONGEST_WORD], is_family) for word in (*words, *joined)}
    return found


def words_index(patient: Patient) -> None:
    """The patient is found by every word of every name they have or had."""
    names = PatientName.objects.filter(patient=patient).values_list("family", "given")
    wanted = _words(names)
    spelled = sorted({word for word, _is_family in wanted})
    # In one order, so that two registrations of one family never wait for each other in a circle.
    NameWord.objects.bulk_create(
        [NameWord(word=word, sound=sound(word)) for word in spelled], ignore_conflicts=True
    )
    ids = dict(NameWord.objects.filter(word__in=spelled).values_list("word", "pk"))
    links = {(ids[word], is_family) for word, is_family in wanted}
    rows = PatientWord.objects.filter(patient=patient)
    there = {
        (word, is_family): pk for pk, word, is_family in rows.values_list("pk", "word", "is_family")
    }
    gone = [pk for link, pk in there.items() if link not in links]
    if gone:
        rows.filter(pk__in=gone).delete()
    PatientWord.objects.bulk_create(
        [
            PatientWord(patient=patient, word_id=word, is_family=is_family)
            for word, is_family in sorted(links - set(there))
        ]
    )


def day_of(at: datetime, zone: str) -> date:
    """Return the day that it is at the patient's site."""
    return at.astimezone(ZoneInfo(zone)).date()
