"""The sealed device key (Seal v1), opened with nothing of this package's: cbor2 and cryptography."""

import hashlib
import hmac
import json
import unittest
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VECTOR = json.loads((Path(__file__).parent.parent / "vectors" / "seal.json").read_text())


def opened(of):
    """The key, or the name of the refusal."""
    part = {name: bytes.fromhex(of[name]) for name in ("prf", "salt", "nonce", "thumb", "credential", "sealed", "check")}
    if len(part["prf"]) != 32 or not any(part["prf"]):
        return "prf-unusable"
    prk = hmac.digest(part["salt"], part["prf"], "sha256")

    def expand(info, length):
        return hmac.digest(prk, info + b"\x01", "sha256")[:length]

    if expand(b"jitsuin/v1/seal-check\0" + part["thumb"], 16) != part["check"]:
        return "seal-mismatch"
    key = expand(b"jitsuin/v1/seal\0" + of["rpId"].encode() + b"\0" + part["thumb"], 32)
    bound = cbor2.dumps({1: 1, 2: of["issuer"], 3: of["account"], 4: part["thumb"], 5: part["credential"]}, canonical=True)
    try:
        return AESGCM(key).decrypt(part["nonce"], part["sealed"], bound)
    except InvalidTag:
        return "seal-broken"


class Seal(unittest.TestCase):
    def setUp(self):
        self.whole = {**VECTOR, "sealed": VECTOR["expect"]["sealed"], "check": VECTOR["expect"]["check"]}

    def test_opens(self):
        found = opened(self.whole)
        self.assertEqual(found.hex(), VECTOR["pkcs8"])
        point = serialization.load_der_private_key(found, None).public_key().public_numbers()
        self.assertEqual((f"{point.x:064x}", f"{point.y:064x}"), (VECTOR["publicKey"]["x"], VECTOR["publicKey"]["y"]))
        cose = cbor2.dumps({1: 2, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}, canonical=True)
        self.assertEqual(hashlib.sha256(cose).hexdigest(), VECTOR["thumb"])

    def test_refuses(self):
        for refused in VECTOR["refused"]:
            with self.subTest(refused["change"]):
                self.assertEqual(opened({**self.whole, **refused["change"]}), refused["expect"])


if __name__ == "__main__":
    unittest.main()
