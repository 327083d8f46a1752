"""The ASGI entry, for servers that need one; production serves hms.wsgi."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")

application = get_asgi_application()

from hms.database import waits  # noqa: E402  # as in hms.wsgi

waits.install()
