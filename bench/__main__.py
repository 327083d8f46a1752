"""python -m bench: Django first, then the measurements."""

import importlib
import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")
    os.environ.setdefault("HMS_ENV", "test")
    os.environ["HMS_LOG_LEVEL"] = "ERROR"
    os.environ["HMS_API_RATE"] = "100000000/min"
    django.setup()
    sys.exit(importlib.import_module("bench.run").main())
