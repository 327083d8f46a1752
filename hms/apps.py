from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_migrate


class HmsConfig(AppConfig):
    """The roof: fills the hooks of core when every room is loaded."""

    name = "hms"
    label = "hms"

    def ready(self) -> None:
        from core import doors, events, hooks
        from hms import (
            checks,  # noqa: F401  # checks register themselves
            leaving,
            logs,
            merging,
            privileges,
            roles,
            subscriptions,
        )
        from org import gate

        logs.configure()
        doors.gate.fill(gate.decide)
        events.handlers_of.fill(subscriptions.handlers_of)
        user_logged_out.connect(leaving.glasses_close, dispatch_uid="hms.leaving")
        hooks.merge_blockers.fill(merging.blockers)
        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="hms.roles")
        post_migrate.connect(privileges.apply_after_migrate, dispatch_uid="hms.privileges")
        post_migrate.connect(merging.guard_after_migrate, dispatch_uid="hms.merging")
