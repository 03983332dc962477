#!/usr/bin/env python3
"""Checks a file of `jitsuin-issuer --export-evidence` from the thumbprint of the issuer's root alone.

    python verify_evidence.py FILE ROOT

Nothing of jitsuin is used: PyPI's `cwt` checks COSE, `webauthn` checks passkeys, `cbor2` reads CBOR. docs/evidence.md says
what each part proves, and to whom. The first thing that does not hold ends the check, by its name.
"""

import json
import sys

import cbor2
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import parse_attestation_object

from signed import Fault, as_key, cose_key, inside, opened, raw, require, sha256, tagged, text, thumbprint

# Which evidence a receipt may have, and of a step-up which intent.
EXPECTED = {
    "payment": {"token"}, "declined": {"token"}, "released": {"call /v1/held/mine"},
    "top-up": {"step-up top-up"}, "top-up-failed": {"step-up top-up"}, "refilled": {"step-up refill"},
    "limits-changed": {"step-up limit"}, "unfrozen": {"step-up unfreeze"}, "frozen": {"freeze", "passkey-freeze"},
    "device-added": {"enrolment", "rotation", "recovery"}, "device-revoked": {"call /v1/devices/sign-off"},
    "card-proved": {"call /v1/cards/prove"},
}


class File:
    def __init__(self, file, root):
        self.file = file
        self.root = root
        # Thumbprint -> channel key of the devices that a statement in this file registered.
        self.channels = {}
        # Credential id -> hash of the passkey's key, by such a statement.
        self.passkeys = {}
        self.notes = []

    def check(self):
        require(self.file["version"] == 1, "version")
        self.issuer, self.account = self.file["issuer"], self.file["account"]
        root = raw(self.file["root"], "root")
        try:
            named = text(thumbprint(root))
        except Exception:
            raise Fault("root") from None
        require(named == self.root, "root")
        self.key_sets(root)
        self.chain()
        for line in self.file["receipts"]:
            self.evidence(line)
        return self.notes

    def key_sets(self, root):
        self.keys, before, time_keys = {}, (0, bytes(32)), {}
        for number, item in enumerate(self.file["keySets"]):
            part = f"keySets[{number}]"
            by_root = raw(item["byRoot"], f"{part}.byRoot")
            payload, held = opened(by_root, root, "keyset", f"{part}.byRoot")
            require(held[1] == self.issuer, f"{part}.byRoot: issuer")
            require((held[2], held[4]) == (before[0] + 1, before[1]), f"{part}.byRoot: order")
            if number:
                again = raw(item["byPrevious"], f"{part}.byPrevious")
                try:
                    signer = time_keys[inside(again)[0][4]]
                except Exception:
                    raise Fault(f"{part}.byPrevious") from None
                same, _ = opened(again, signer, "keyset", f"{part}.byPrevious")
                require(same == payload, f"{part}.byPrevious")
            before = (held[2], tagged("jitsuin/v1/keyset", payload))
            time_keys = {}
            for key in held[3]:
                cose = cose_key(key[2])
                require(thumbprint(cose)[:8] == key[1], f"{part}.byRoot: kid")
                if key[3] == "time":
                    time_keys[key[1]] = cose
                if key[3] == "receipt":
                    self.keys[key[1]] = (cose, key[4], key[5] if key[1] not in self.keys else min(key[5], self.keys[key[1]][2]))

    def by_issuer(self, message, name, part):
        try:
            key, start, end = self.keys[inside(message)[0][4]]
        except Exception:
            raise Fault(part) from None
        payload, held = opened(message, key, name, part)
        return payload, held, lambda time: start <= time < end

    def chain(self):
        before, self.seen = bytes(32), {}
        for number, line in enumerate(self.file["receipts"], 1):
            part = f"receipts[{number}].receipt"
            payload, held, valid = self.by_issuer(raw(line["receipt"], part), "receipt", part)
            require((held[1], held[2]) == (self.issuer, self.account), f"{part}: whose")
            require(held[3] == number == line["seq"], f"receipts[{number}].seq")
            require(held[4] == before, f"{part}: order")
            require(valid(held[5]), f"{part}: time")
            before = tagged("jitsuin/v1/receipt", payload)
            body = None
            if line["body"] is None:
                self.notes.append(f"receipt {number}: its body was erased")
            else:
                packed = raw(line["body"], f"receipts[{number}].body")
                require(sha256(packed) == held[10], f"receipts[{number}].body")
                body = cbor2.loads(packed)
            self.seen[number] = (held, body)
        _, head, _ = self.by_issuer(raw(self.file["head"], "head"), "head", "head")
        require((head[1], head[2], head[3]) == (self.account, len(self.seen), before), "head: not the newest")

    def evidence(self, line):
        number, held = line["seq"], line["evidence"]
        receipt, body = self.seen[number]
        if held is None:
            if receipt[6] in EXPECTED:
                self.notes.append(f"receipt {number}: {receipt[6]} without evidence")
            return
        part = f"receipts[{number}].evidence"
        check = {
            "step-up": self.step_up, "rotation": self.rotation, "enrolment": self.enrolment, "recovery": self.recovery,
            "passkey-freeze": self.passkey_freeze, "freeze": self.freeze, "call": self.call, "token": self.token,
        }.get(held["kind"])
        require(check, f"{part}.kind")
        what = check(held, receipt, body, part)
        require(what in EXPECTED.get(receipt[6], ()), f"{part}.kind: {what} for {receipt[6]}")

    def device_key(self, held, thumb, part):
        key = raw(held["deviceKey"], f"{part}.deviceKey")
        try:
            require(thumbprint(key) == thumb, f"{part}.deviceKey")
        except (cbor2.CBORDecodeError, KeyError, TypeError, AttributeError):
            raise Fault(f"{part}.deviceKey") from None
        self.known(thumb in self.channels, f"{part}.deviceKey: registered by nothing in this file")
        return key

    def known(self, holds, part):
        """What a statement in this file binds; where the evidence of a registration has ended, it binds no more."""
        lines = self.file["receipts"]
        gone = any(self.seen[line["seq"]][0][6] == "device-added" and line["evidence"] is None for line in lines)
        if not holds and gone:
            self.notes.append(part)
            return
        require(holds, part)

    def passkey(self, held, challenge, part, bound=True):
        """webauthn's word that this passkey signed this challenge on a page of this wallet, its user verified."""
        credential, key = raw(held["credential"], f"{part}.credential"), raw(held["key"], f"{part}.key")
        if bound:
            self.known(credential in self.passkeys, f"{part}.credential")
            self.known(self.passkeys.get(credential) == sha256(key), f"{part}.key")
        try:
            verify_authentication_response(
                credential={
                    "id": held["credential"], "rawId": held["credential"], "type": "public-key",
                    "response": {
                        "clientDataJSON": held["clientData"], "authenticatorData": held["authenticatorData"],
                        "signature": held["signature"],
                    },
                },
                expected_challenge=challenge, expected_rp_id=self.file["rpId"], expected_origin=self.file["origins"],
                credential_public_key=key, credential_current_sign_count=0, require_user_verification=True,
            )
        except Exception as error:
            raise Fault(f"{part} (authenticatorData, clientData, signature): {error}") from None

    def agreed(self, held, receipt, part):
        """An intent that passkey and device key agreed to."""
        part = f"{part}.stepUp"
        held = held["stepUp"]
        intent = raw(held["intent"], f"{part}.intent")
        assertion = held["assertion"]
        try:
            device = raw(held["deviceKey"], f"{part}.deviceKey")
            thumb = thumbprint(device)
        except Fault:
            raise
        except Exception:
            raise Fault(f"{part}.deviceKey") from None
        self.known(thumb in self.channels, f"{part}.deviceKey")
        co_signature = raw(held["coSignature"], f"{part}.coSignature")
        _, over = opened(co_signature, device, "step-up", f"{part}.coSignature")
        require(over[1] == sha256(intent), f"{part}.intent")
        for label, name in ((2, "authenticatorData"), (3, "clientData"), (4, "signature")):
            there = f"{part}.assertion.{name}"
            require(over[label] == sha256(raw(assertion[name], there)), there)
        require(over[5] == raw(assertion["credential"], f"{part}.assertion.credential"), f"{part}.assertion.credential")
        said = cbor2.loads(intent)
        require((said[1], said[3], said[4]) == (1, self.issuer, self.account), f"{part}.intent: whose")
        require((said[5], said[6]) == (thumb, over[5]), f"{part}.intent: keys")
        self.passkey(assertion, tagged("jitsuin/v1/step-up", intent), f"{part}.assertion")
        # The links before its own receipt: nobody could name a later one.
        links = {self.seen[number][0][4] for number in range(1, receipt[3] + 1)}
        require(said[7] in links, f"{part}.intent: head is no link of this account")
        return said, thumb

    def step_up(self, held, receipt, body, part):
        said, thumb = self.agreed(held, receipt, part)
        require(receipt[7] == thumb, f"{part}.stepUp.intent: another device")
        terms = {"top-up": {2: said.get(16), 3: said.get(17), 6: said.get(18)}, "refill": {2: said.get(18)},
                 "limit": {2: said.get(17)}}.get(said[2], {})
        if body is not None:
            for label, value in terms.items():
                require(body.get(label) == value, f"{part}.stepUp.intent: other terms than the receipt's")
        return f"step-up {said[2]}"

    def statement(self, held, receipt, part):
        """A device key's own statement that it belongs to this account, with its channel key and passkey."""
        part = f"{part}.statement"
        message = raw(held["statement"], part)
        try:
            key = cose_key(cbor2.loads(inside(message)[1])[4])
        except Exception:
            raise Fault(part) from None
        _, said = opened(message, key, "enrol", part)
        require((said[1], said[2], said[3]) == (self.issuer, self.file["rpId"], self.account), f"{part}: whose")
        require(receipt[7] == thumbprint(key), f"{part}: another device")
        channel = cose_key(said[5])
        return message, said, key, channel

    def registered(self, said, key, channel):
        self.channels[thumbprint(key)] = thumbprint(channel)
        self.passkeys[said[6]] = said[7]

    def confirmed(self, held, message, said, part):
        there = f"{part}.confirmation"
        require(raw(held["confirmation"]["credential"], there) == said[6], f"{there}.credential")
        require(sha256(raw(held["confirmation"]["key"], there)) == said[7], f"{there}.key")
        self.passkey(held["confirmation"], tagged("jitsuin/v1/enrol-confirm", message), there, bound=False)

    def enrolment(self, held, receipt, _, part):
        message, said, key, channel = self.statement(held, receipt, part)
        there = f"{part}.registration"
        creation = held["registration"]
        try:
            data = parse_attestation_object(raw(creation["attestationObject"], there)).auth_data.attested_credential_data
        except Fault:
            raise
        except Exception as error:
            raise Fault(f"{there}.attestationObject: {error}") from None
        require((data.credential_id, sha256(data.credential_public_key)) == (said[6], said[7]), f"{there}.attestationObject")
        challenge = cbor2.dumps({1: self.issuer, 2: self.file["rpId"], 3: self.account, 4: thumbprint(key),
                                 5: thumbprint(channel), 6: said[11]})
        try:
            verify_registration_response(
                credential={
                    "id": text(said[6]), "rawId": text(said[6]), "type": "public-key",
                    "response": {"clientDataJSON": creation["clientData"], "attestationObject": creation["attestationObject"]},
                },
                expected_challenge=tagged("jitsuin/v1/enrol", challenge), expected_rp_id=self.file["rpId"],
                expected_origin=self.file["origins"], require_user_verification=True,
            )
        except Exception as error:
            raise Fault(f"{there} (attestationObject, clientData): {error}") from None
        self.confirmed(held, message, said, part)
        self.registered(said, key, channel)
        return "enrolment"

    def recovery(self, held, receipt, _, part):
        message, said, key, channel = self.statement(held, receipt, part)
        self.known(self.passkeys.get(said[6]) == said[7], f"{part}.statement: another passkey")
        self.confirmed(held, message, said, part)
        self.registered(said, key, channel)
        return "recovery"

    def rotation(self, held, receipt, _, part):
        said, thumb = self.agreed(held, receipt, part)
        message, stated, key, channel = self.statement(held, receipt, part)
        there = f"{part}.approval"
        old = raw(held["stepUp"]["deviceKey"], there)
        _, approval = opened(raw(held["approval"], there), old, "approval", there)
        signed_in = cose_key(approval[4])
        require((approval[1], approval[2], approval[3]) == (self.issuer, self.account, thumb), f"{there}: whose")
        require((signed_in, approval[6]) == (key, said[8]), f"{there}: another key")
        require((said[2], said[16]) == ("rotate", thumbprint(key)), f"{part}.stepUp.intent: another key")
        require(stated[11] == said[8], f"{part}.statement: another intent")
        self.registered(stated, key, channel)
        return "rotation"

    def passkey_freeze(self, held, _, __, part):
        names = f"{self.issuer}\0{self.file['rpId']}".encode()
        challenge = tagged("jitsuin/v1/freeze", raw(held["nonce"], f"{part}.nonce"), names)
        self.passkey(held["assertion"], challenge, f"{part}.assertion (or nonce)")
        return "passkey-freeze"

    def freeze(self, held, receipt, _, part):
        key = raw(held["key"], f"{part}.key")
        try:
            signer = thumbprint(key)
        except Exception:
            raise Fault(f"{part}.key") from None
        self.known(signer in (receipt[7], self.channels.get(receipt[7])), f"{part}.key")
        _, said = opened(raw(held["statement"], f"{part}.statement"), key, "freeze", f"{part}.statement")
        require((said[1], said[2], said[3]) == (self.issuer, self.account, receipt[7]), f"{part}.statement: whose")
        return "freeze"

    def call(self, held, receipt, body, part):
        device = self.device_key(held, receipt[7], part)
        there = f"{part}.proof"
        try:
            head, claims, signature = held["proof"].split(".")
            as_key(device).verify(f"{head}.{claims}".encode(), raw(signature, there))
            jwk, said = json.loads(raw(head, there))["jwk"], json.loads(raw(claims, there))
        except Exception as error:
            raise Fault(f"{there}: {error}") from None
        cose = cbor2.loads(device)
        require((raw(jwk["x"], there), raw(jwk["y"], there)) == (cose[-2], cose[-3]), there)
        require((said["htm"], said["htu"]) == ("POST", self.issuer + held["path"]), f"{part}.path")
        packed = raw(held["body"], f"{part}.body")
        require(said["bdy"] == text(sha256(packed)), f"{part}.body")
        require(said["acc"] == self.account, f"{there}: whose")
        asked = json.loads(packed)
        if "seq" in asked and body is not None:
            told = self.seen[int(asked["seq"])]
            require(told[0][6] == "held", f"{part}.body: another receipt")
            require(told[1] is None or told[1].get(8) == body.get(8), f"{part}.body: another payment")
        if "source" in asked and body is not None:
            require(body.get(6) == asked["source"], f"{part}.body: another card")
        return f"call {held['path']}"

    def token(self, held, receipt, body, part):
        device = self.device_key(held, receipt[7], part)
        veil = raw(held["veil"], f"{part}.veil")
        _, said = opened(raw(held["token"], f"{part}.token"), device, None, f"{part}.token (or veil)", veil)
        require(said[7] == receipt[8].to_bytes(4) + receipt[9], f"{part}.token: another counter")
        limit = said.get(-65537)
        if body is not None and limit is not None and receipt[6] == "payment":
            most = limit.get(1, limit.get(4))
            require(body[2] == most if 1 in limit else body[2] <= most, f"{part}.token: another amount")
            require(body[3] == limit[2], f"{part}.token: another currency")
        return "token"


def verify(file, root):
    """Notes on what is not there, once everything that is there holds.

    Raises Fault by the name of the first part that does not."""
    try:
        return File(file, root).check()
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"form: {error!r}") from error


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        read = json.load(file)
    try:
        notes = verify(read, arguments[1])
    except Fault as fault:
        sys.exit(f"does not hold: {fault}")
    held = [line["evidence"]["kind"] for line in read["receipts"] if line["evidence"]]
    print("\n".join(notes))
    print(f"{len(read['receipts'])} receipts of {read['account']} hold, with evidence for {len(held)}")


if __name__ == "__main__":
    main(sys.argv[1:])
