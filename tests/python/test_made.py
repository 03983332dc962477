"""cwt and pycose on what the package really makes (tests/lib/made.mjs), with the issuer's keys from its JWK set."""

import base64
import json
import subprocess
import unittest
from pathlib import Path

import cbor2
import cwt
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import Sign1Message

TESTS = Path(__file__).parent.parent
KINDS = {"allowance", "enrol", "freeze", "head", "keyset", "receipt", "state", "step-up", "time", "token"}


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_id(message):
    return cbor2.loads(cbor2.loads(message).value[0])[4]


def read_by_cwt(message, jwk, aad):
    # As cwt reads a JWK: its kid is the text's bytes, while a COSE kid is bytes, so the key is given the message's own.
    key = cwt.COSEKey.from_jwk({k: v for k, v in jwk.items() if k in ("kty", "crv", "x", "y", "alg")} | {"alg": "ES256"})
    named = cwt.COSEKey.new(key.to_dict() | {2: key_id(message)})
    return cwt.COSE().decode(message, named, external_aad=aad)


def read_by_pycose(message, jwk, aad):
    found = Sign1Message.decode(message)
    found.external_aad = aad
    found.key = EC2Key(crv=P256, x=decoded(jwk["x"]), y=decoded(jwk["y"]))
    if not found.verify_signature():
        raise ValueError("signature")
    return found.payload


class Made(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        printed = subprocess.run(["node", TESTS / "lib" / "made.mjs"], check=True, capture_output=True, text=True, timeout=300)
        made = json.loads(printed.stdout)
        keys = {decoded(key["kid"]): key for key in made["jwks"]["keys"]}
        cls.statements = []
        for statement in made["statements"]:
            message = bytes.fromhex(statement["input"])
            jwk = statement["key"] or keys[key_id(message)]
            cls.statements.append((statement["name"], message, jwk, bytes.fromhex(statement["externalAad"])))

    def test_every_kind_was_made(self):
        self.assertEqual({name for name, *_ in self.statements}, KINDS)

    def agrees(self, read):
        for name, message, jwk, aad in self.statements:
            with self.subTest(name):
                self.assertEqual(read(message, jwk, aad), cbor2.loads(message).value[2])
                changed = bytearray(message)
                changed[-1] ^= 1
                with self.assertRaises(Exception):
                    read(bytes(changed), jwk, aad)
                with self.assertRaises(Exception):
                    read(message, jwk, aad + b"x")

    def test_cwt(self):
        self.agrees(read_by_cwt)

    def test_pycose(self):
        self.agrees(read_by_pycose)


class PublishedKeys(unittest.TestCase):
    """The JWK set of the golden key set, with the vectors of what its keys signed."""

    def test_golden_statements(self):
        keys = json.loads((TESTS / "vectors" / "jwks.json").read_text())["keys"]
        self.assertEqual(len(keys), 4)
        for folder, purpose in {"allowance": "allowance", "receipt": "receipt", "head": "receipt", "state": "receipt", "time": "time", "quote": "quote"}.items():
            message = bytes.fromhex(json.loads((TESTS / "vectors" / folder / "golden.json").read_text())["input"])
            with self.subTest(folder):
                (key,) = [key for key in keys if decoded(key["kid"]) == key_id(message)]
                self.assertEqual(key["purpose"], purpose)
                read_by_cwt(message, key, b"")
                for other in keys:
                    if other is not key:
                        with self.assertRaises(Exception):
                            read_by_pycose(message, other, b"")


if __name__ == "__main__":
    unittest.main()
