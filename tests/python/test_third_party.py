"""COSE readers written by others agree with the shared vectors.

A vector's `others` says what any correct COSE_Sign1 reader must do: `accept`, `refuse`, or `skip` where only jitsuin's
stricter rules decide.
"""

import base64
import json
import unittest
from pathlib import Path

import cbor2
import cwt
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import Sign1Message

VECTORS = Path(__file__).parent.parent / "vectors"
PREFIX = "JT1"
# Folders of things that are no COSE messages: intents are hashed, proofs are JWS, codes are texts, assertions WebAuthn's.
NO_COSE = {"intent", "dpop", "body", "text", "shop-code", "till-code", "assertion"}


def unpadded(decode, text):
    return decode(text + "=" * (-len(text) % 8))


def message(vector):
    text = vector["input"]
    if text.startswith(PREFIX):
        return unpadded(base64.b32decode, text[len(PREFIX):])
    return bytes.fromhex(text)


def coordinate(vector, name):
    return unpadded(base64.urlsafe_b64decode, vector["publicKey"][name])


def key_id(vector):
    """The key id a message names: cwt only tries a key of that name. None where it can't be read."""
    try:
        protected = cbor2.loads(message(vector)).value[0]
        return cbor2.loads(protected)[4]
    except (cbor2.CBORDecodeError, AttributeError, KeyError, ValueError):
        return None


def cwt_payload(vector):
    key = {1: 2, 3: -7, -1: 1, -2: coordinate(vector, "x"), -3: coordinate(vector, "y")}
    named = key_id(vector)
    key = cwt.COSEKey.new(key if named is None else key | {2: named})
    return cwt.COSE().decode(message(vector), key, external_aad=bytes.fromhex(vector["externalAad"]))


def pycose_payload(vector):
    found = Sign1Message.decode(message(vector))
    found.external_aad = bytes.fromhex(vector["externalAad"])
    found.key = EC2Key(crv=P256, x=coordinate(vector, "x"), y=coordinate(vector, "y"))
    if not found.verify_signature():
        raise ValueError("signature")
    return found.payload


def vectors(others):
    for path in sorted(VECTORS.glob("*/*.json")):
        if path.parent.name in NO_COSE:
            continue
        vector = json.loads(path.read_text())
        if vector["others"] == others:
            yield f"{path.parent.name}/{path.stem}", vector


class ThirdParty(unittest.TestCase):
    def accepts(self, read):
        names = []
        for name, vector in vectors("accept"):
            with self.subTest(name):
                payload = read(vector)
                expected = (vector["fields"] or {}).get("payload")
                if expected is not None:
                    self.assertEqual(payload.hex(), expected)
            names.append(name)
        folders = {name.split("/")[0] for name in names}
        signed = {path.name for path in VECTORS.iterdir() if path.is_dir()} - NO_COSE
        self.assertEqual(folders, signed, "a folder without an accepted vector")

    def refuses(self, read, lenient=()):
        names = []
        for name, vector in vectors("refuse"):
            if name.split("/")[1] in lenient:
                continue
            with self.subTest(name), self.assertRaises(Exception):
                read(vector)
            names.append(name)
        self.assertGreaterEqual(len(names), 50)

    def test_cwt_accepts(self):
        self.accepts(cwt_payload)

    def test_cwt_refuses(self):
        self.refuses(cwt_payload)

    def test_pycose_accepts(self):
        self.accepts(pycose_payload)

    def test_pycose_refuses(self):
        # pycose 1.1.0 does not look at a fifth item behind the four of COSE_Sign1.
        self.refuses(pycose_payload, lenient=("five-items",))


if __name__ == "__main__":
    unittest.main()
