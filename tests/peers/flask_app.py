"""The oracle: flask-jwt-extended as it is, behind routes that tell what its guards found.

`flask_app.py PORT` listens on 127.0.0.1 and says so on standard output. `/_options` and `/_hooks` set what a case needs, so that one
process serves them all.
"""

import sys
from datetime import timedelta

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_header,
    get_jwt_identity,
    get_jwt_request_location,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)
from waitress import create_server

app = Flask(__name__)
jwt = JWTManager(app)
DEFAULTS = dict(app.config)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
answers = {}


@app.post("/_options")
def set_options():
    app.config.clear()
    app.config.update(DEFAULTS)
    # A copy: the library appends to the list that it is given.
    app.config.update({name: list(value) if isinstance(value, list) else value for name, value in request.json.items()})
    answers.clear()
    return jsonify({})


@app.post("/_hooks")
def set_answers():
    answers.clear()
    answers.update(request.json)
    return jsonify({})


@jwt.token_in_blocklist_loader
def is_blocked(_header, claims):
    return claims["jti"] in answers.get("blocked", [])


@jwt.token_verification_loader
def is_welcome(_header, _claims):
    return not answers.get("refuse_claims", False)


@jwt.user_lookup_loader
def find_user(_header, claims):
    identity = claims[app.config["JWT_IDENTITY_CLAIM"]]
    users = answers.get("users")
    return {"name": identity} if users is None or identity in users else None


@app.post("/_create")
def create():
    asked = request.json
    # The tests give a number of seconds; the library wants a timedelta, or False for "never".
    expires = asked.get("expires")
    if expires is not None and expires is not False:
        expires = timedelta(seconds=expires)
    arguments = {
        "identity": asked["identity"],
        "expires_delta": expires,
        "additional_claims": asked.get("claims"),
        "additional_headers": asked.get("headers"),
    }
    if asked["type"] == "refresh":
        return jsonify(token=create_refresh_token(**arguments))
    return jsonify(token=create_access_token(fresh=asked.get("fresh", False), **arguments))


@app.post("/_cookies")
def set_cookies():
    asked = request.json
    response = jsonify({})
    more = {"max_age": asked.get("max_age"), "domain": asked.get("domain")}
    if "access" in asked:
        set_access_cookies(response, asked["access"], **more)
    if "refresh" in asked:
        set_refresh_cookies(response, asked["refresh"], **more)
    return response


@app.post("/_unset")
def unset_cookies():
    response = jsonify({})
    unset_jwt_cookies(response)
    return response


def tell():
    return jsonify(
        identity=get_jwt_identity(),
        claims=get_jwt(),
        header=get_jwt_header(),
        location=get_jwt_request_location(),
    )


for path, demands in {
    "/access": {},
    "/fresh": {"fresh": True},
    "/refresh-only": {"refresh": True},
    "/optional": {"optional": True},
    "/any-type": {"verify_type": False},
    "/unchecked": {"skip_revocation_check": True},
    "/headers-only": {"locations": ["headers"]},
    "/cookies-only": {"locations": ["cookies"]},
    "/query-only": {"locations": ["query_string"]},
    "/json-only": {"locations": ["json"]},
    "/cookies-then-headers": {"locations": ["cookies", "headers"]},
    "/fresh-refresh": {"fresh": True, "refresh": True},
}.items():
    app.add_url_rule(path, path, jwt_required(**demands)(tell), methods=METHODS)


@app.route("/echo", methods=METHODS)
@jwt_required()
def echo():
    # Once a form was parsed for its CSRF value, its bytes are gone, unless they were asked for before.
    return request.get_data(as_text=True)


@app.before_request
def keep_the_body():
    request.get_data(cache=True)


# Portero's own paths, with the guards that they have there.


@app.get("/protected")
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity())


@app.get("/whoami")
@jwt_required(optional=True)
def whoami():
    return jsonify(logged_in_as=get_jwt_identity() or "anonymous user")


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity(), fresh=False))


if __name__ == "__main__":
    server = create_server(app, host="127.0.0.1", port=int(sys.argv[1]), threads=1)
    print("listening", flush=True)
    server.run()
