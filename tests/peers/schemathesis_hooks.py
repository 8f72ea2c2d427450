"""Signs an admin in before each generated request: the one before may have signed them out."""

import os

import requests
import schemathesis

ADDRESS = os.environ["PORTERO_ADDRESS"]
PASSWORD = os.environ["PORTERO_PASSWORD"]
# Those whom no request has renamed, and whose password is the old one.
ADMINS = [f"adm{number}" for number in range(int(os.environ["PORTERO_ADMINS"]))]
SESSION = requests.Session()


def sign_in():
    while ADMINS:
        answer = SESSION.post(f"{ADDRESS}/login", json={"username": ADMINS[-1], "password": PASSWORD})
        if answer.status_code == 200:
            return answer.json()
        ADMINS.pop()
    raise RuntimeError("nobody is left who can sign in")


@schemathesis.auth(refresh_interval=None)
class Admin:
    def get(self, case, context):
        return sign_in()

    def set(self, case, tokens, context):
        is_refresh = case.operation.definition.raw["x-portero-access"]["token"] == "refresh"
        token = tokens["refresh_token" if is_refresh else "access_token"]
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
