"""Argon2id with parameters a shift change can bear."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class HospitalArgon2Hasher(Argon2PasswordHasher):
    """19 MiB, two passes, one lane: the OWASP Password Storage minimum for Argon2id (SEC-A1)."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
