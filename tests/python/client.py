"""A small wallet and till, written from docs/protocol.md and docs/wire.md alone. It keeps nothing on disk, so it is no wallet for money."""

import base64
import hashlib
import json
import os
import time
import urllib.error
import urllib.request

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
JPY = 392
YEN = "JPY"
LONGEST = 160  # the longest life of a token and both leeways, in seconds


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(tag, data):
    return sha256(tag.encode() + b"\0" + data)


def cbor(value):
    return cbor2.dumps(value, canonical=True)


class Refused(Exception):
    """A refusal of the issuer: an RFC 9457 problem, with all its members (`retry_after`, `left`, …)."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem.get('reason', '')} {problem['title']}")
        self.code, self.problem = problem["code"], problem


class PublicKey:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.thumb = sha256(cbor({1: 2, -1: 1, -2: x, -3: y}))
        self.kid = self.thumb[:8]
        self.point = b"\x04" + x + y

    @classmethod
    def from_jwk(cls, jwk):
        return cls(unb64(jwk["x"]), unb64(jwk["y"]))

    @classmethod
    def from_point(cls, point):
        return cls(point[1:33], point[33:])

    @property
    def jwk(self):
        return {"crv": "P-256", "kty": "EC", "x": b64(self.x), "y": b64(self.y)}

    def verify(self, signature, message):
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(self.x, "big"), int.from_bytes(self.y, "big"), ec.SECP256R1())
        numbers.public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


class Key:
    """A P-256 key that signs with ES256, low s."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.public = PublicKey(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))

    def sign(self, message):
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    def sign_der(self, message):
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))


def typ(name):
    return f"application/vnd.jitsuin.{name}.v1+cose"


def sign1(key, protected, claims, aad=b""):
    """A COSE_Sign1 in the one shape of docs/wire.md, section 2."""
    head, payload = cbor(protected), cbor(claims)
    signature = key.sign(cbor(["Signature1", head, aad, payload]))
    return b"\xd2" + cbor([head, {}, payload, signature])


def statement(key, name, claims):
    return sign1(key, {1: -7, 4: key.public.kid, 16: typ(name)}, claims)


def opened(message, name, key):
    """The claims of a statement of this type under this key."""
    tag = cbor2.loads(message)
    if tag.tag != 18 or len(tag.value) != 4 or tag.value[1] != {}:
        raise ValueError("another shape")
    head, _, payload, signature = tag.value
    if cbor2.loads(head) != {1: -7, 4: key.kid, 16: typ(name)}:
        raise ValueError("another header")
    key.verify(signature, cbor(["Signature1", head, b"", payload]))
    return cbor2.loads(payload)


def payload_of(message):
    return cbor2.loads(message).value[2]


class Caller:
    """Sends calls under proof of one key."""

    def __init__(self, issuer, key):
        self.issuer, self.key, self.account, self.nonce = issuer, key, None, ""

    def change(self, path, body):
        """A call that changes something: named, so that a second delivery of it is known."""
        return self.post(path, body | {"call": b64(os.urandom(16))})

    def post(self, path, body):
        data = json.dumps(body).encode()
        again = {"use-dpop-nonce", "proof-replayed"}
        while True:
            try:
                return self.once(path, data)
            except Refused as refused:
                if refused.code not in again:
                    raise
                again.remove(refused.code)

    def once(self, path, data):
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.public.jwk}
        claims = {
            "htm": "POST", "htu": self.issuer + path, "iat": int(time.time()), "jti": b64(os.urandom(16)),
            "nonce": self.nonce, "bdy": b64(sha256(data)),
        }
        if self.account is not None:
            claims["acc"] = self.account
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        proof = f"{signed}.{b64(self.key.sign(signed.encode()))}"
        return self.send(urllib.request.Request(self.issuer + path, data, {"Content-Type": "application/json", "DPoP": proof}))

    def send(self, request):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
                return json.load(answer)
        except urllib.error.HTTPError as error:
            self.nonce = error.headers.get("DPoP-Nonce", self.nonce)
            raise Refused(json.load(error)) from None


class Authenticator:
    """A passkey in memory: ES256, user verified, not backed up."""

    def __init__(self, rp_id, origin):
        self.rp_id, self.origin, self.passkeys = rp_id, origin, {}

    def client_data(self, kind, challenge):
        data = {"type": f"webauthn.{kind}", "challenge": b64(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(data).encode()

    def data(self, flags, attested=b""):
        return sha256(self.rp_id.encode()) + bytes([flags]) + bytes(4) + attested

    def credential(self, name, response):
        return {"id": b64(name), "rawId": b64(name), "type": "public-key", "response": response, "clientExtensionResults": {}}

    def create(self, challenge, user_handle):
        key, name = Key(), os.urandom(16)
        cose_key = cbor({1: 2, 3: -7, -1: 1, -2: key.public.x, -3: key.public.y})
        data = self.data(0x45, bytes(16) + len(name).to_bytes(2, "big") + name + cose_key)
        self.passkeys[name] = (key, user_handle)
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": b64(self.client_data("create", challenge)), "attestationObject": b64(attestation),
            "authenticatorData": b64(data),
        }
        return name, sha256(cose_key), self.credential(name, response)

    def get(self, challenge, name):
        key, user_handle = self.passkeys[name]
        client, data = self.client_data("get", challenge), self.data(0x05)
        response = {
            "clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(key.sign_der(data + sha256(client))),
            "userHandle": b64(user_handle),
        }
        return self.credential(name, response)


class IssuerKeys:
    """The issuer's key set under its root."""

    def __init__(self, issuer, description, root=None):
        signed = description["key_set"]
        root_key = PublicKey.from_jwk(signed["root"])
        if root not in (None, root_key.thumb) or description["issuer"] != issuer or 1 not in description["versions"]:
            raise ValueError("another issuer")
        claims = opened(unb64(signed["by_root"]), "keyset", root_key)
        if claims[1] != issuer:
            raise ValueError("another issuer's keys")
        self.keys = {key[1]: (PublicKey.from_point(key[2]), key[3]) for key in claims[3]}

    def open(self, message, name, use):
        kid = cbor2.loads(cbor2.loads(message).value[0])[4]
        key, held = self.keys[kid]
        if held != use:
            raise ValueError("a key of another use")
        return opened(message, name, key)


class Wallet:
    def __init__(self, issuer, authenticator, root=None):
        with urllib.request.urlopen(f"{issuer}/.well-known/jitsuin", timeout=20) as answer:
            description = json.load(answer)
        self.issuer, self.rp_id, self.authenticator = issuer, description["rp_id"], authenticator
        self.keys = IssuerKeys(issuer, description, root)
        self.key, self.channel_key = Key(), Key()
        self.device, self.channel = Caller(issuer, self.key), Caller(issuer, self.channel_key)
        self.counter, self.last_iat, self.offset, self.receipts, self.link = 0, 0, 0, [], bytes(32)
        self.last_contact, self.rotate_needed, self.forged = self.now(), False, False

    def now(self):
        return int(time.time() + self.offset)

    def enrol(self, login, password, read_code, label):
        attempt = self.device.change("/v1/login", {"login": login, "password": password, "language": "en"})["attempt"]
        ticket = self.device.change("/v1/login/code", {"attempt": attempt, "code": read_code()})["ticket"]
        prepared = self.device.change("/v1/enrolment", {
            "ticket": ticket, "channel_key": self.channel_key.public.jwk, "label": label,
        })
        self.account, nonce = prepared["account"], unb64(prepared["nonce"])
        creation = {
            1: self.issuer, 2: self.rp_id, 3: self.account, 4: self.key.public.thumb, 5: self.channel_key.public.thumb, 6: nonce,
        }
        challenge = tagged("jitsuin/v1/enrol", cbor(creation))
        self.passkey, key_hash, registration = self.authenticator.create(challenge, unb64(prepared["user_handle"]))
        enrolment = statement(self.key, "enrol", {
            1: self.issuer, 2: self.rp_id, 3: self.account, 4: self.key.public.point, 5: self.channel_key.public.point,
            6: self.passkey, 7: key_hash, 8: False, 9: False, 10: "software", 11: nonce, 12: self.now(),
        })
        assertion = self.authenticator.get(tagged("jitsuin/v1/enrol-confirm", enrolment), self.passkey)
        self.device.account = self.channel.account = self.account
        enrolled = self.device.change("/v1/enrolment/confirm", {
            "registration": registration, "statement": b64(enrolment), "assertion": assertion,
        })
        self.take_allowance(unb64(enrolled["allowance"]))
        self.sync()

    def take_allowance(self, message):
        allowance = self.keys.open(message, "allowance", "allowance")
        if (allowance[1], allowance[2], allowance[3]) != (self.issuer, self.account, self.key.public.thumb):
            raise ValueError("another's allowance")
        self.handle, self.veil = allowance[4], allowance[5]

    def sync(self):
        nonce, before = os.urandom(16), time.time()
        call = {"nonce": b64(nonce), "after": len(self.receipts), "shown": len(self.receipts), "thumb": b64(self.key.public.thumb)}
        synced = self.channel.post("/v1/sync", call)
        clock = self.keys.open(unb64(synced["time"]), "time", "time")
        head = self.keys.open(unb64(synced["head"]), "head", "receipt")
        if (clock[1], clock[2], head[1]) != (self.issuer, nonce, self.account) or abs(head[4] - clock[3] // 1000) > 60:
            raise ValueError("not an answer to this call")
        state = self.keys.open(unb64(synced["state"]), "state", "receipt")
        if [state[key] for key in range(1, 6)] != [self.issuer, self.account, self.key.public.thumb, nonce, head[2]]:
            raise ValueError("not the state for this call")
        self.offset = clock[3] / 1000 - (before + time.time()) / 2
        for item in synced["receipts"]:
            self.take_receipt(item)
        if (head[2], head[3]) != (len(self.receipts), self.link):
            raise ValueError("receipts are missing")
        self.balance = head[5]
        self.take_floor(state[7])
        self.sources = {source[1]: source for source in state[9]}
        if self.last_iat > self.now() + LONGEST:
            self.name_counters()
        if self.forged:
            self.forged = False
            raise ValueError("receipt-forged")

    def take_floor(self, floor):
        most = self.counter + 64 + 10 * ((self.now() - self.last_contact) // 60)
        self.rotate_needed = floor > most
        if not self.rotate_needed:
            self.counter = max(self.counter, floor)
        self.last_contact = self.now()

    def name_counters(self):
        nonce = os.urandom(16)
        named = self.device.change("/v1/counters", {"nonce": b64(nonce), "counter": self.counter})
        clock = self.keys.open(unb64(named["time"]), "time", "time")
        if (clock[1], clock[2]) != (self.issuer, nonce):
            raise ValueError("not an answer to this call")
        self.last_iat = min(self.last_iat, clock[3] // 1000)

    def take_receipt(self, item):
        message, body = unb64(item["receipt"]), unb64(item["body"])
        receipt = self.keys.open(message, "receipt", "receipt")
        if (receipt[1], receipt[2], receipt[3], receipt[4]) != (self.issuer, self.account, len(self.receipts) + 1, self.link):
            raise ValueError("not the next receipt")
        self.link = tagged("jitsuin/v1/receipt", payload_of(message))
        self.receipts.append((receipt, self.details(receipt, body)))

    def details(self, receipt, body):
        """What the body says, or nothing: no body stops the history."""
        if body and sha256(body) != receipt[10]:
            self.forged = True
            return None
        try:
            return cbor2.loads(body) if body else None
        except cbor2.CBORDecodeError:
            return None

    def payment_code(self, most=None):
        if self.rotate_needed:
            raise ValueError("rotate-needed")
        if self.last_iat > self.now() + LONGEST:
            raise ValueError("sync-needed")
        self.counter += 1
        self.last_iat = max(self.now(), self.last_iat)
        claims = {4: self.last_iat + 60, 6: self.last_iat, 7: self.counter.to_bytes(4, "big") + os.urandom(4)}
        if most is not None:
            claims[-65537] = {2: JPY, 4: most}
        token = sign1(self.key, {1: -7, 4: self.handle}, claims, self.veil)
        return "JT1" + base64.b32encode(token).rstrip(b"=").decode()

    def prove_card(self, source):
        return self.device.change("/v1/cards/prove", {"source": source})["proof"]

    def top_up(self, amount, source):
        fingerprint = tagged("jitsuin/v1/source", cbor({key: self.sources[source][key] for key in range(1, 5)}))
        call = {"amount": str(amount), "currency": YEN, "source": source, "head": b64(self.link)}
        theirs = unb64(self.device.post("/v1/top-ups", call)["intent"])
        drawn = cbor2.loads(theirs)
        intent = cbor({
            1: 1, 2: "top-up", 3: self.issuer, 4: self.account, 5: self.key.public.thumb, 6: self.passkey, 7: self.link,
            8: drawn[8], 9: drawn[9], 16: amount, 17: JPY, 18: source, 19: fingerprint,
        })
        if intent != theirs:
            raise ValueError("intent-mismatch")
        assertion = self.authenticator.get(tagged("jitsuin/v1/step-up", intent), self.passkey)
        response = assertion["response"]
        parts = [unb64(response[name]) for name in ("authenticatorData", "clientDataJSON", "signature")]
        hashes_of = {at: sha256(part) for at, part in enumerate([intent, *parts], 1)}
        co_signature = statement(self.key, "step-up", {**hashes_of, 5: self.passkey})
        confirm = {"intent": b64(intent), "assertion": assertion, "co_signature": b64(co_signature)}
        confirmed = self.device.change("/v1/intents/confirm", confirm)
        self.sync()
        return confirmed["outcome"]


class Till:
    def __init__(self, issuer, code):
        self.caller = Caller(issuer, Key())
        self.registered = self.caller.change("/v1/tills", {"code": code})

    def charge(self, token, amount, key=None):
        call = {"token": token, "amount": str(amount), "currency": YEN, "key": key or b64(os.urandom(16))}
        return self.caller.post("/v1/payments", call)

    def look_up(self, key):
        return self.caller.post("/v1/payments/look-up", {"key": key})

    def reverse(self, payment):
        return self.caller.post("/v1/payments/reverse", {"payment": payment, "key": b64(os.urandom(16))})
