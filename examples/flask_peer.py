"""A Flask app that was there before, and asks Portero whether a token is still good.

    portero client add shop                  # prints client_id and client_secret
    export PORTERO_URL=http://localhost:8080 PORTERO_CLIENT_ID=… PORTERO_CLIENT_SECRET=…
    export JWT_SECRET_KEY=…                  # Portero's own; or, where Portero has a key pair, JWT_ALGORITHM=ES256 alone
    pip install flask flask-jwt-extended 'pyjwt[crypto]' requests waitress
    python examples/flask_peer.py
    curl -s localhost:5000/orders -H "Authorization: Bearer $ACCESS_TOKEN"

The library checks the token; its blocklist is Portero. An answer "active" is good for PORTERO_CACHE_SECONDS (1), so that a page with
ten requests asks once; "not active" is final and remembered. With 0, who signs out in Portero is refused here on the next request.

While Portero is away, PORTERO_AWAY=refuse (the default) answers 503: nobody gets in who may be signed out. PORTERO_AWAY=accept goes on
with what the token says by itself: a session that was ended is then good until its token expires, 15 minutes at most by default.
Either way it is 503 if Portero refuses this app's credentials, or its public keys, kept for five minutes, are needed and not to be had.
"""

import hashlib
import os
import re
import time
from collections import OrderedDict
from contextlib import suppress

import requests
from flask import Flask, abort, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from jwt import InvalidTokenError, PyJWKClient, PyJWTError, decode
from jwt.exceptions import PyJWKClientConnectionError
from waitress import create_server

PORTERO = os.environ["PORTERO_URL"].rstrip("/")
CREDENTIALS = (os.environ["PORTERO_CLIENT_ID"], os.environ["PORTERO_CLIENT_SECRET"])
CACHE_SECONDS = float(os.environ.get("PORTERO_CACHE_SECONDS", "1"))
ACCEPT_WHEN_AWAY = os.environ.get("PORTERO_AWAY", "refuse") == "accept"
MOST_REMEMBERED = 10_000

app = Flask(__name__)
app.config["JWT_ALGORITHM"] = os.environ.get("JWT_ALGORITHM", "HS256")
app.config["JWT_SECRET_KEY"] = os.environ.get("JWT_SECRET_KEY")
jwt = JWTManager(app)
portero = requests.Session()
public_keys = PyJWKClient(f"{PORTERO}/.well-known/jwks.json", timeout=2)
# From a token's jti and hash to whether it is active, and until when to believe that.
remembered = OrderedDict()


if not app.config["JWT_ALGORITHM"].startswith("HS"):

    @jwt.decode_key_loader
    def public_key(header, _claims):
        try:
            return public_keys.get_signing_key(header.get("kid")).key
        except (PyJWKClientConnectionError, ValueError) as error:
            app.logger.warning("Portero's public keys can't be read: %s", error)
            abort(503)
        except PyJWTError as error:
            # A key that nobody has is the token's fault. The library makes a 422 of this one, and a 500 of PyJWT's own.
            raise InvalidTokenError(str(error)) from None


def token_of_this_request(claims):
    """The loader below is given the claims alone, and Portero wants the token that they are from.

    A request can carry several, such as `Bearer ended, Basic active`. To ask about another than the library has verified would let the
    ended one in, so it is known by its claims and not by its place.
    """
    carried = re.split(r"[\s,]+", request.headers.get(app.config["JWT_HEADER_NAME"], ""))
    carried += [request.cookies.get(app.config[f"JWT_{kind}_COOKIE_NAME"], "") for kind in ("ACCESS", "REFRESH")]
    for token in carried:
        with suppress(InvalidTokenError):
            # The library fills in what a token lacks.
            if {"type": "access", "fresh": False, "jti": None} | decode(token, options={"verify_signature": False}) == claims:
                return token
    raise LookupError("JWT_TOKEN_LOCATION has a place where this app does not look for the token")


@jwt.token_in_blocklist_loader
def is_gone(_header, claims):
    token = token_of_this_request(claims)
    name = (claims["jti"], hashlib.sha256(token.encode()).digest())
    active, until = remembered.get(name, (False, 0.0))
    if time.time() < until:
        return not active
    try:
        answer = portero.post(f"{PORTERO}/introspect", data={"token": token}, auth=CREDENTIALS, timeout=2)
        if answer.status_code == 401:
            # It is not away: it does not know this app, or no longer.
            app.logger.error("Portero refuses PORTERO_CLIENT_ID and PORTERO_CLIENT_SECRET")
            abort(503)
        answer.raise_for_status()
        active = answer.json()["active"] is True
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        app.logger.warning("Portero can't be asked: %s", error)
        if ACCEPT_WHEN_AWAY:
            return False
        abort(503)
    # What is gone never comes back; its token is no token any more when it has expired.
    remembered[name] = (active, time.time() + CACHE_SECONDS if active else claims.get("exp", float("inf")))
    while len(remembered) > MOST_REMEMBERED:
        remembered.popitem(last=False)
    return not active


@app.get("/orders")
@jwt_required()
def orders():
    return jsonify(user=get_jwt_identity(), orders=[])


@app.get("/orders/fresh")
@jwt_required(fresh=True)
def orders_of_a_fresh_login():
    return jsonify(user=get_jwt_identity(), orders=[])


if __name__ == "__main__":
    server = create_server(app, listen=os.environ.get("LISTEN", "127.0.0.1:5000"))
    print("listening", flush=True)
    server.run()
