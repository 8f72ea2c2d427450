"""The settings of docs/openid-apps.md, with this test's addresses."""

import os
from urllib.parse import urlencode

ISSUER = os.environ["ISSUER"]
HUB = os.environ["APP"]

c.JupyterHub.bind_url = HUB
c.JupyterHub.hub_port = int(os.environ["HUB_PORT"])
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:" + os.environ["PROXY_PORT"]
c.ConfigurableHTTPProxy.should_start = False

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = os.environ["CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["CLIENT_SECRET"]
c.GenericOAuthenticator.oauth_callback_url = HUB + "/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = ISSUER + "/authorize"
c.GenericOAuthenticator.token_url = ISSUER + "/token"
c.GenericOAuthenticator.userdata_url = ISSUER + "/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile", "email", "groups", "offline_access"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.allow_all = True
c.GenericOAuthenticator.enable_auth_state = True
c.GenericOAuthenticator.auth_refresh_age = 1
c.GenericOAuthenticator.logout_redirect_url = ISSUER + "/end-session?" + urlencode({
    "client_id": c.GenericOAuthenticator.client_id,
    "post_logout_redirect_uri": HUB + "/hub/login",
})
