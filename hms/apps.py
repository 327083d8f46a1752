from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HmsConfig(AppConfig):
    """The roof: fills the two hooks of core when every room is loaded."""

    name = "hms"
    label = "hms"

    def ready(self) -> None:
        from core import doors, events
        from hms import (
            checks,  # noqa: F401  # checks register themselves
            logs,
            privileges,
            roles,
            subscriptions,
        )
        from org import gate

        logs.configure()
        doors.gate.fill(gate.decide)
        events.handlers_of.fill(subscriptions.handlers_of)
        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="hms.roles")
        post_migrate.connect(privileges.apply_after_migrate, dispatch_uid="hms.privileges")
