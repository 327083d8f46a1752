"""python -m bench [PART]…: figures; without one, every part that bench/run.py names."""

import importlib
import os
import secrets
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")
    os.environ.setdefault("HMS_ENV", "test")
    # The web servers under load are told the same key, so that they know our sessions.
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)
    os.environ["HMS_LOG_LEVEL"] = "ERROR"
    os.environ["HMS_API_RATE"] = "100000000/min"
    django.setup()
    sys.exit(importlib.import_module("bench.run").main(sys.argv[1:]))
