"""Judges ceremonies of passkeys with py_webauthn: reads them as JSON, and writes one verdict for each, empty if it is good."""

import json
import sys

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier


def judge(one):
    shared = {
        "credential": one["answer"],
        "expected_challenge": base64url_to_bytes(one["challenge"]),
        "expected_rp_id": one["host"],
        "expected_origin": one["origin"],
        "require_user_verification": True,
    }
    try:
        if one["key"] is None:
            # ES384 it does not know.
            algorithms = [COSEAlgorithmIdentifier(number) for number in one["algorithms"] if number != -35]
            verify_registration_response(**shared, supported_pub_key_algs=algorithms)
        else:
            key = base64url_to_bytes(one["key"])
            verify_authentication_response(**shared, credential_public_key=key, credential_current_sign_count=0)
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"


json.dump([judge(one) for one in json.load(sys.stdin)], sys.stdout)
