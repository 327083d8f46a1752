"""A hospital in which registration runs, and its clerk."""

import pytest
from django.test import Client

from org.models import User
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in


@pytest.fixture
def desk(hospital: people.Hospital) -> people.Hospital:
    patients.switched_on(hospital.ward, hospital.clinic)
    return hospital


@pytest.fixture
def clerk(desk: people.Hospital) -> User:
    return desk.person("front_desk")


@pytest.fixture
def browser(clerk: User) -> Client:
    return sign_in(Client(), clerk)
