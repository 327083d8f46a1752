"""The WSGI entry that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from hms import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")
if place := os.environ.get(metrics.PLACE):
    metrics.share(place, folder=settings.METRICS_DIR)

application = get_wsgi_application()

from hms.database import waits  # noqa: E402  # models load with the application
from hms.startup import refuse_demo  # noqa: E402

waits.install()
refuse_demo()
