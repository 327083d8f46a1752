#!/usr/bin/env python
"""Django's command line for the hospital management system."""

import os
import sys
import uuid

from django.core.management import execute_from_command_line

from core import context

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hms.settings")
    # What a command changes is found on the trail and in the row history by the command's name.
    context.enter(request_id=uuid.uuid4().hex, door=f"manage.py {' '.join(sys.argv[1:2])}"[:100])
    execute_from_command_line(sys.argv)
