"""The file that `tests/evidence.rs` left holds, by other people's libraries alone; one byte changed in any part does not."""

import copy
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import cbor2
from verify_evidence import Fault, raw, text, verify

HERE = Path(__file__).parent
STORY = HERE.parent.parent / "target" / "evidence"
# What `tests/evidence.rs` leaves, and the COSE algorithm of its passkeys.
ALGORITHMS = {"story": -7, "story-RS256": -257, "story-EdDSA": -8}
KINDS = {"enrolment", "token", "call", "step-up", "freeze", "passkey-freeze", "rotation", "recovery"}


def story(name="story"):
    return json.loads((STORY / f"{name}.json").read_text()), (STORY / f"{name}-root.txt").read_text()


def passkeys(value):
    """Every passkey's answer below a value."""
    if isinstance(value, dict):
        if "authenticatorData" in value and "signature" in value:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from passkeys(inner)


def parts(value, path=()):
    """Every text below a value, by its path."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from parts(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, (*path, number))


def changed(file, path, place):
    """The file with one bit of one part changed: of its first, middle or last byte."""
    file = copy.deepcopy(file)
    *way, last = path
    held = file
    for step in way:
        held = held[step]
    if last in ("kind", "path", "proof", "issuer", "account", "rpId") or "origins" in path:
        data = bytearray(held[last], "ascii")
    else:
        data = bytearray(raw(held[last], "test"))
    at = {"first": 0, "middle": len(data) // 2, "last": -1}[place]
    if last == "proof" and data[at] == ord("."):
        at -= 1
    data[at] ^= 1
    is_text = last in ("kind", "path", "proof", "issuer", "account", "rpId") or "origins" in path
    held[last] = data.decode() if is_text else text(bytes(data))
    return file


class Evidence(unittest.TestCase):
    def test_each_story_holds(self):
        for name, algorithm in ALGORITHMS.items():
            with self.subTest(name):
                file, root = story(name)
                held = {line["evidence"]["kind"] for line in file["receipts"] if line["evidence"]}
                self.assertEqual(held, KINDS)
                # The old key of a rotation is signed off by the new one's evidence, which stands with the next receipt.
                (note,) = verify(file, root)
                self.assertIn("device-revoked without evidence", note)
                keys = [cbor2.loads(raw(passkey["key"], "")) for passkey in passkeys(file)]
                self.assertEqual({key[3] for key in keys}, {algorithm})

    def test_a_passkey_signature_of_each_algorithm_counts(self):
        for name in ALGORITHMS:
            number = len(list(passkeys(story(name)[0])))
            for at in range(number):
                with self.subTest(name, at=at):
                    file, root = story(name)
                    passkey = list(passkeys(file))[at]
                    signature = bytearray(raw(passkey["signature"], ""))
                    signature[len(signature) // 2] ^= 1
                    passkey["signature"] = text(bytes(signature))
                    with self.assertRaisesRegex(Fault, "signature"):
                        verify(file, root)

    def test_another_root(self):
        file, root = story()
        with self.assertRaisesRegex(Fault, "^root$"):
            verify(file, text(bytes(32)))
        with self.assertRaisesRegex(Fault, "^root$"):
            verify(file | {"root": text(raw(file["root"], "")[:-1] + b"\0")}, root)

    def test_one_byte_of_each_part(self):
        file, root = story()
        tried = set()
        for path in parts(file):
            for place in ("first", "middle", "last"):
                name = ".".join(map(str, path))
                # An attestation of format "none" signs nothing: what does not name the passkey or the page is no proof.
                if path[-1] == "attestationObject" and place == "first":
                    continue
                with self.subTest(part=name, place=place):
                    with self.assertRaises(Fault) as caught:
                        verify(changed(file, path, place), root)
                    if "evidence" in path:
                        number = path[1] + 1
                        self.assertIn(f"receipts[{number}].evidence", str(caught.exception))
                        top = [step for step in path[3:] if isinstance(step, str)][-1]
                        self.assertIn(top, str(caught.exception))
            tried.add(tuple(step for step in path if isinstance(step, str)))
        for kind in ("stepUp", "token", "veil", "proof", "approval", "registration", "confirmation", "statement"):
            self.assertTrue(any(kind in path for path in tried), kind)

    def test_evidence_of_another_receipt(self):
        file, root = story()
        lines = [line for line in file["receipts"] if line["evidence"] and line["evidence"]["kind"] == "token"]
        lines[0]["evidence"], lines[1]["evidence"] = lines[1]["evidence"], lines[0]["evidence"]
        with self.assertRaisesRegex(Fault, "another counter"):
            verify(file, root)

    def test_a_receipt_that_is_left_out(self):
        file, root = story()
        del file["receipts"][3]
        with self.assertRaises(Fault):
            verify(file, root)
        file, root = story()
        del file["receipts"][-1]
        with self.assertRaisesRegex(Fault, "head"):
            verify(file, root)

    def test_an_erased_body(self):
        file, root = story()
        file["receipts"][4]["body"] = None
        self.assertIn("receipt 5: its body was erased", verify(file, root))

    def test_from_the_command_line(self):
        _, root = story()
        command = [sys.executable, HERE / "verify_evidence.py", STORY / "story.json"]
        said = subprocess.run([*command, root], capture_output=True, text=True, env=os.environ, check=True)
        self.assertIn("receipts of", said.stdout)
        refused = subprocess.run([*command, "x"], capture_output=True, text=True, env=os.environ, check=False)
        self.assertEqual((refused.returncode, refused.stderr), (1, "does not hold: root\n"))


if __name__ == "__main__":
    unittest.main()
