"""A Flask app with idpyoidc."""

import os

from flask import Flask, redirect, request, session
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.oauth2.stand_alone_client import backchannel_logout
from idpyoidc.client.rp_handler import RPHandler
from waitress import serve

ISSUER, APP = os.environ["ISSUER"], os.environ["APP"]

app = Flask(__name__)
app.secret_key = "a secret of the app's own"
handler = RPHandler(
    base_url=APP,
    services={**DEFAULT_OIDC_SERVICES, "end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"}},
    client_configs={
        ISSUER: {
            "client_type": "oidc",
            "issuer": ISSUER,
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["CLIENT_SECRET"],
            "redirect_uris": [APP + "/callback"],
            "backchannel_logout_uri": APP + "/backchannel-logout",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "client_authn_methods": ["client_secret_basic"],
            "add_ons": {
                "pkce": {
                    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                }
            },
        }
    },
)
# Which sign-ins are over.
ended = set()


@app.get("/")
def home():
    if "state" not in session or session["state"] in ended:
        return redirect(handler.begin(ISSUER))
    return session["told"]


@app.get("/callback")
def callback():
    done = handler.finalize(ISSUER, request.args.to_dict())
    session["state"] = done["state"]
    session["told"] = {
        "access": done["token"],
        "id_token": done["id_token"].to_dict(),
        "told": done["userinfo"].to_dict(),
    }
    return redirect("/")


@app.get("/refresh")
def refresh():
    return {"access": handler.refresh_access_token(session["state"])["access_token"]}


@app.get("/logout")
def leave():
    leads = handler.logout(session.pop("state"), post_logout_redirect_uri=APP + "/")
    return redirect(leads["url"])


@app.post("/backchannel-logout")
def sign_out():
    ended.add(backchannel_logout(handler.issuer2rp[ISSUER], request_args=request.form.to_dict()))
    return "", 204


serve(app, host="127.0.0.1", port=int(os.environ["LISTEN_PORT"]))
