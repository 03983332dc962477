"""Bytes, hashes, keys and signed statements, as `verify_evidence.py` reads them: PyPI's `cwt` and `cbor2`, nothing of jitsuin."""

import base64
import hashlib

import cbor2
import cwt

TYPE = "application/vnd.jitsuin.{}.v1+cose"


class Fault(Exception):
    """What does not hold."""


def require(holds, part):
    if not holds:
        raise Fault(part)


def raw(text, part):
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (TypeError, ValueError):
        raise Fault(part) from None


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(tag, *parts):
    return sha256(tag.encode() + b"\0" + b"".join(parts))


def thumbprint(key):
    """RFC 9679, of a COSE_Key's bytes."""
    held = cbor2.loads(key)
    return sha256(cbor2.dumps({1: held[1], -1: held[-1], -2: held[-2], -3: held[-3]}))


def cose_key(point):
    """Inside a statement a P-256 key stands as its 65 bytes of SEC1: 4, x, y."""
    require(len(point) == 65 and point[0] == 4, "key")
    return cbor2.dumps({1: 2, -1: 1, -2: point[1:33], -3: point[33:]})


def as_key(key, kid=None):
    held = cbor2.loads(key) | {3: -7}
    return cwt.COSEKey.new(held if kid is None else held | {2: kid})


def inside(message):
    """Protected header and payload, of which nothing may be believed yet."""
    protected, _, payload, _ = cbor2.loads(message).value
    return cbor2.loads(protected), payload


def opened(message, key, name, part, aad=b""):
    """The payload of a COSE_Sign1 of this type, once `cwt` says that this key signed it."""
    try:
        protected, _ = inside(message)
        typ = {} if name is None else {16: TYPE.format(name)}
        require(protected == {1: -7, 4: protected[4]} | typ, part)
        payload = cwt.COSE().decode(message, as_key(key, protected[4]), external_aad=aad)
        # Tokens are CWT claims and statements maps: cbor2 reads both.
        return payload, cbor2.loads(payload)
    except Exception as error:
        raise Fault(f"{part}: {error}") from None
