"""PyPI's webauthn on the registration and assertions captured from Chromium: it agrees with the issuer's check on each."""

import json
import unittest
from pathlib import Path

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException

VECTORS = Path(__file__).parent.parent / "vectors" / "assertion"


def vectors():
    return [json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))]


def asked(vector):
    expected = vector["expected"]
    return {
        "expected_challenge": base64url_to_bytes(expected["challenge"]),
        "expected_origin": expected["origin"],
        "expected_rp_id": expected["rpId"],
        "require_user_verification": True,
    }


def verify(vector):
    return verify_authentication_response(
        credential=vector["input"],
        credential_public_key=base64url_to_bytes(vector["credential"]["key"]),
        credential_current_sign_count=0,
        **asked(vector),
    )


class Assertions(unittest.TestCase):
    def test_every_vector(self):
        seen = vectors()
        self.assertEqual(len(seen), 25)
        for vector in seen:
            with self.subTest(vector["rule"]):
                if vector["others"] == "accept":
                    self.assertTrue(verify(vector).user_verified)
                else:
                    # Its own refusals, or those of the parsers below it; an ImportError would be a broken test.
                    with self.assertRaises((WebAuthnException, ValueError)):
                        verify(vector)

    def test_registrations(self):
        for rule in ("golden", "golden RS256", "golden EdDSA"):
            golden = next(vector for vector in vectors() if vector["rule"] == rule)
            held = verify_registration_response(credential=golden["registration"], **asked(golden))
            self.assertEqual(held.credential_public_key, base64url_to_bytes(golden["credential"]["key"]))
            self.assertEqual(held.credential_id, base64url_to_bytes(golden["credential"]["id"]))
            with self.assertRaises(WebAuthnException):
                verify_registration_response(credential=golden["registration"], **asked(golden) | {"expected_challenge": bytes(32)})


if __name__ == "__main__":
    unittest.main()
