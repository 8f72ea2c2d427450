"""A Django app with mozilla-django-oidc."""

import os

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from waitress import serve

os.environ["DJANGO_SETTINGS_MODULE"] = "django_app.settings"
django.setup()
call_command("migrate", verbosity=0)
serve(get_wsgi_application(), host="127.0.0.1", port=int(os.environ["LISTEN_PORT"]))
