"""Signs somebody in by OpenID Connect with Authlib in a Flask app, as its manual shows, and prints what the app has learned as JSON."""

import json
import os
import re

import requests
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

ISSUER = os.environ["ISSUER"]

app = Flask(__name__)
app.secret_key = "a secret of the app's own"
oauth = OAuth(app)
oauth.register(
    "portero",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=ISSUER + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email offline_access", "code_challenge_method": "S256"},
)


@app.get("/login")
def login():
    return oauth.portero.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    token = oauth.portero.authorize_access_token()
    session["token"] = token
    return redirect("/")


@app.get("/")
def home():
    token = session["token"]
    told = oauth.portero.userinfo(token=token)
    return {"token": token, "told": told}


@app.get("/logout")
def logout():
    token = session.pop("token")
    return oauth.portero.logout_redirect(url_for("home", _external=True), id_token_hint=token["id_token"])


def ask(token):
    """The status of Portero's answer to who this token is of."""
    return requests.get(ISSUER + "/userinfo", headers={"Authorization": "Bearer " + token["access_token"]}).status_code


def field(page, name):
    return re.search('name="%s" value="([^"]*)"' % name, page)[1].replace("&amp;", "&")


def sign_in(url):
    """What a browser does: opens the page, sends its form, and goes where it is led, until that is the app."""
    browser = requests.Session()
    browser.headers["Accept"] = "text/html"
    page = browser.get(url)
    form = {"csrf_token": field(page.text, "csrf_token"), "next": field(page.text, "next")}
    form.update(username=os.environ["NAME"], password=os.environ["PASSWORD"])
    answer = browser.post(ISSUER + "/login", form, allow_redirects=False)
    while answer.headers["Location"].startswith("/"):
        answer = browser.get(ISSUER + answer.headers["Location"], allow_redirects=False)
    return browser, answer.headers["Location"]


visitor = app.test_client()
browser, back = sign_in(visitor.get("/login").headers["Location"])
done = visitor.get(back)
assert done.status_code == 302, done.text
read = visitor.get("/").get_json()
token = read["token"]
with app.test_request_context():
    client = oauth.portero._get_oauth_client(**oauth.portero.load_server_metadata())
    again = client.refresh_token(ISSUER + "/token", refresh_token=token["refresh_token"])
# The person signs out at Portero.
page = browser.get(ISSUER + "/account")
browser.post(ISSUER + "/logout", {"csrf_token": field(page.text, "csrf_token")})
after = ask(again)
# The person signs in once more, and out at the app.
browser, back = sign_in(visitor.get("/login").headers["Location"])
visitor.get(back)
other = visitor.get("/").get_json()["token"]
left = browser.get(visitor.get("/logout").headers["Location"], allow_redirects=False)
print(
    json.dumps(
        {
            "id_token": token["userinfo"],
            "told": read["told"],
            "refreshed": again["access_token"] != token["access_token"],
            "after": after,
            "led_to": left.headers.get("Location"),
            "after_leaving": ask(other),
        }
    )
)
