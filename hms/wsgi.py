"""The WSGI entry that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")

application = get_wsgi_application()

from hms.database import waits  # noqa: E402  # models load with the application
from hms.startup import refuse_demo  # noqa: E402

waits.install()
refuse_demo()
