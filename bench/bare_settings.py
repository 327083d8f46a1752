"""The product's settings with nothing before the view: what the yardstick's web server loads."""

from hms.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.bare"
