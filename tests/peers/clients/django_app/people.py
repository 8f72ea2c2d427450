"""Whom Django takes somebody for."""

from urllib.parse import urlencode

from django.conf import settings
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class PorteroBackend(OIDCAuthenticationBackend):
    """Knows people by `sub`, which stays theirs; the library would go by the mail address."""

    def verify_claims(self, claims):
        return "sub" in claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def get_username(self, claims):
        return claims["sub"]

    def create_user(self, claims):
        return self.update_user(super().create_user(claims), claims)

    def update_user(self, user, claims):
        user.first_name = claims.get("name", claims["preferred_username"])
        user.email = claims["email"] if claims.get("email_verified") else ""
        user.save()
        return user


def sign_out_url(request):
    hint = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri("/"),
    }
    return settings.ISSUER + "/end-session?" + urlencode(hint)
