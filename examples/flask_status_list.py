"""A Flask app that checks Portero's tokens itself, and learns which sessions have ended without asking about each request.

    export PORTERO_STATUS_LIST=true PORTERO_PUBLIC_URL=…      # for Portero, whose tokens then say where to look
    export PORTERO_URL=…                     # for this app: the same address
    export JWT_SECRET_KEY=…                  # Portero's own; or a key pair, as in flask_peer.py
    pip install flask flask-jwt-extended 'pyjwt[crypto]' requests waitress
    python examples/flask_status_list.py
    curl -s localhost:5000/orders -H "Authorization: Bearer $ACCESS_TOKEN"

Who signs out in Portero is refused here at the latest when the list that this app holds has come of age (`status_list_ttl`, a minute).
The list is fetched once in that time, however many requests there are. If it can't be had then, nobody gets in who may be signed out: 503.
A token that says nothing of a list is refused. So the list is exact about sessions; that a single token was revoked alone, it does not say.
"""

import base64
import os
import time
import zlib

import requests
from flask import Flask, abort, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from jwt import InvalidTokenError, PyJWKClient, PyJWTError, decode, get_unverified_header
from waitress import create_server

PORTERO = os.environ["PORTERO_URL"].rstrip("/")

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]
jwt = JWTManager(app)
keys = PyJWKClient(f"{PORTERO}/.well-known/portero/apps.jwks.json", timeout=2)
# From a list's address to its bits, and until when they may be used.
held = {}


def bits_at(uri):
    bits, until = held.get(uri, (b"", 0.0))
    # Counted from before the question: what ends from then on need not be in the answer.
    asked = time.monotonic()
    if asked < until:
        return bits
    if not uri.startswith(f"{PORTERO}/status-lists/"):
        raise InvalidTokenError("not a list of Portero's")
    answer = requests.get(uri, timeout=2)
    answer.raise_for_status()
    if get_unverified_header(answer.text).get("typ") != "statuslist+jwt":
        raise InvalidTokenError("no status list")
    key = keys.get_signing_key_from_jwt(answer.text).key
    said = decode(answer.text, key, ["ES256"], issuer=PORTERO, subject=uri, leeway=60, options={"require": ["exp", "iat", "sub"]})
    packed = said["status_list"]["lst"]
    bits = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    held[uri] = (bits, asked + said["ttl"])
    return bits


@jwt.token_in_blocklist_loader
def is_gone(_header, claims):
    place = claims.get("status", {}).get("status_list")
    if place is None:
        return True
    try:
        bits, index = bits_at(place["uri"]), place["idx"]
    except (requests.RequestException, PyJWTError, ValueError, KeyError, zlib.error) as error:
        app.logger.warning("Portero's status list can't be had: %s", error)
        abort(503)
    return index >= 8 * len(bits) or bool(bits[index // 8] >> index % 8 & 1)


@app.get("/orders")
@jwt_required()
def orders():
    return jsonify(user=get_jwt_identity(), orders=[])


if __name__ == "__main__":
    server = create_server(app, listen=os.environ.get("LISTEN", "127.0.0.1:5000"))
    print("listening", flush=True)
    server.run()
