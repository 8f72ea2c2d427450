"""Verifies and signs tokens with PyJWT: one JSON document in, one out.

In: {"verify": [{"token", "algorithm", "key" | "jwks", "audience"?}], "sign": [{"algorithm", "key", "claims", "headers"}]}, keys as PEM or, for
shared ones, as text. Out: {"verify": [claims or {"error"}], "sign": [token]}.
"""

import json
import sys

import jwt


def key_of(item):
    if "jwks" not in item:
        return item["key"]
    kid = jwt.get_unverified_header(item["token"])["kid"]
    return jwt.PyJWKSet.from_dict(item["jwks"])[kid].key


def verify(item):
    try:
        return jwt.decode(item["token"], key_of(item), algorithms=[item["algorithm"]], audience=item.get("audience"))
    except (jwt.PyJWTError, ValueError, KeyError) as error:
        # PyJWT raises the last two for a text that is no PEM, and for a `kid` that is missing or not in the set.
        return {"error": str(error)}


def sign(item):
    return jwt.encode(item["claims"], item["key"], algorithm=item["algorithm"], headers=item.get("headers"))


question = json.load(sys.stdin)
json.dump({"verify": [verify(item) for item in question["verify"]], "sign": [sign(item) for item in question["sign"]]}, sys.stdout)
