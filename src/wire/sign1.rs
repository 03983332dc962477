//! COSE_Sign1 (RFC 9052 section 4.2) in the one shape this protocol has: tag 18, ES256, empty unprotected header.
//!
//! Typed statements carry `typ` (RFC 9596) in the protected header and are opened with the expected type as an
//! argument: there is no "verify any". Payment tokens carry none, so the two can't be taken for each other.

use super::cbor::{Reader, Writer, read_map};
use super::field::Word;
use super::id::Handle;
use super::key::{PublicKey, Signature};
use super::{Field, MAX_BYTES, Refusal};

const TAG: u64 = 18;
const ES256: i64 = -7;

/// Something that is signed under its own `typ`.
pub trait Statement: Field {
    /// The exact `typ`, `application/vnd.jitsuin.NAME.v1+cose`.
    const TYPE: &'static str;
    /// The most bytes that a reader takes.
    const MOST_BYTES: usize = MAX_BYTES;
}

/// What a reader expects of a COSE_Sign1 before it looks at the signature.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// A token has none.
    typ: Option<&'static str>,
    most_bytes: usize,
}

impl Form {
    pub(super) const TOKEN: Self = Self { typ: None, most_bytes: MAX_BYTES };

    pub(super) const fn of<S: Statement>() -> Self {
        Self { typ: Some(S::TYPE), most_bytes: S::MOST_BYTES }
    }
}

/// A statement ready to be signed: sign [`Unsigned::message`] with ES256, then [`Unsigned::finish`].
/// Signing is two steps so that no key ever enters this room.
#[must_use]
pub struct Unsigned(Box<ToSign>);

/// One pointer, since it is handed from what is said to who signs.
struct ToSign {
    protected: Vec<u8>,
    payload: Vec<u8>,
    message: Vec<u8>,
}

impl Unsigned {
    pub(super) fn new(protected: Vec<u8>, external_aad: &[u8], payload: Vec<u8>) -> Self {
        let message = signed_message(&protected, external_aad, &payload);
        Self(Box::new(ToSign { protected, payload, message }))
    }

    /// The `Sig_structure`: the exact bytes to sign.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.0.message
    }

    /// The protected header's bytes.
    #[must_use]
    pub fn protected(&self) -> &[u8] {
        &self.0.protected
    }

    /// The payload's bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.0.payload
    }

    /// The whole COSE_Sign1.
    #[must_use]
    pub fn finish(&self, signature: &Signature) -> Vec<u8> {
        let mut to = Writer::new();
        to.tag(TAG);
        to.array(4);
        to.bytes(&self.0.protected);
        to.map(0);
        to.bytes(&self.0.payload);
        to.bytes(signature.as_bytes());
        to.into_bytes()
    }
}

fn signed_message(protected: &[u8], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut to = Writer::new();
    to.array(4);
    to.text("Signature1");
    to.bytes(protected);
    to.bytes(external_aad);
    to.bytes(payload);
    to.into_bytes()
}

/// `{1: -7, 4: kid}` for tokens, `{1: -7, 4: kid, 16: typ}` for everything else.
pub(super) fn protected(kid: Handle, typ: Option<&str>) -> Vec<u8> {
    let typ = typ.map(|typ| Word(typ.into()));
    let mut to = Writer::new();
    to.fields(&[(1, &Algorithm), (4, &kid), (16, &typ)]);
    to.into_bytes()
}

/// The one algorithm.
struct Algorithm;

impl Field for Algorithm {
    fn write(&self, to: &mut Writer) {
        to.int(ES256);
    }

    fn blank() -> Self {
        Self
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        if from.int()? == ES256 { Ok(()) } else { Err(Refusal::WrongHeader) }
    }
}

/// A COSE_Sign1 taken apart, with nothing believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts<'b> {
    pub(super) kid: Handle,
    protected: &'b [u8],
    pub(super) payload: &'b [u8],
    signature: Signature,
}

impl<'b> Parts<'b> {
    /// Takes `bytes` apart; the protected header must be exactly the one for the form's `typ`.
    pub(super) fn read(bytes: &'b [u8], form: Form) -> Result<Self, Refusal> {
        let mut reader = Reader::up_to(form.most_bytes, bytes)?;
        if reader.tag().map_err(wrong_tag)? != TAG || reader.array().map_err(wrong_tag)? != 4 {
            return Err(Refusal::WrongTag);
        }
        let protected = reader.bytes()?;
        match reader.map()?.end() {
            Err(Refusal::UnknownKey) => return Err(Refusal::UnprotectedHeader),
            other => other?,
        }
        let payload = reader.bytes()?;
        let signature = reader.bytes()?.try_into().map(Signature::from_wire).map_err(|_| Refusal::BadSignature)?;
        reader.end()?;
        let kid = read_protected(protected, form.typ)?;
        Ok(Self { kid, protected, payload, signature })
    }

    pub(super) fn verify(&self, key: &PublicKey, external_aad: &[u8]) -> Result<(), Refusal> {
        key.verify(&signed_message(self.protected, external_aad, self.payload), &self.signature)
    }
}

fn wrong_tag(refusal: Refusal) -> Refusal {
    if refusal == Refusal::WrongType { Refusal::WrongTag } else { refusal }
}

fn read_protected(bytes: &[u8], expected: Option<&str>) -> Result<Handle, Refusal> {
    let (mut kid, mut typ) = (Handle::blank(), None::<Word>);
    let read = read_map(bytes, |map| map.fields(&mut [(1, &mut Algorithm), (4, &mut kid), (16, &mut typ)]));
    read.map_err(|refusal| match refusal {
        Refusal::UnknownKey | Refusal::MissingKey | Refusal::WrongType | Refusal::OutOfRange => Refusal::WrongHeader,
        other => other,
    })?;
    if typ.as_ref().map(|typ| typ.0.as_str()) == expected { Ok(kid) } else { Err(Refusal::WrongStatement) }
}

/// A statement whose signature held. [`open`] and the token's check are its only makers, so holding one is the proof.
/// It stays where it was read: to hand on a pointer is less code in the page's module than to hand on the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<S> {
    statement: Box<S>,
}

impl<S> Verified<S> {
    pub(super) const fn new(statement: Box<S>) -> Self {
        Self { statement }
    }

    /// The statement itself.
    pub fn into_inner(self) -> Box<S> {
        self.statement
    }
}

impl<S> core::ops::Deref for Verified<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.statement
    }
}

/// Makes a statement ready for its signer, whose public key gives the `kid`.
pub fn prepare<S: Statement>(statement: &S, signer: &PublicKey) -> Unsigned {
    prepare_as(S::TYPE, statement, signer)
}

fn prepare_as(typ: &str, statement: &dyn Field, signer: &PublicKey) -> Unsigned {
    Unsigned::new(protected(signer.kid(), Some(typ)), &[], encode(statement))
}

/// Checks a statement of the expected type under the expected key.
///
/// # Errors
/// The first [`Refusal`]: form, type, key id, signature, then content.
pub fn open<S: Statement>(bytes: &[u8], key: &PublicKey) -> Result<Verified<S>, Refusal> {
    let mut statement = Box::new(S::blank());
    open_into(&mut *statement, bytes, Form::of::<S>(), key)?;
    Ok(Verified::new(statement))
}

fn open_into(statement: &mut dyn Field, bytes: &[u8], form: Form, key: &PublicKey) -> Result<(), Refusal> {
    let parts = Parts::read(bytes, form)?;
    if parts.kid != key.kid() {
        return Err(Refusal::WrongKey);
    }
    parts.verify(key, &[])?;
    decode_into(statement, form.most_bytes, parts.payload)
}

/// The `kid` of a statement, to choose the key to check it with; nothing of it is believed.
///
/// # Errors
/// What the form refuses.
pub fn kid_of<S: Statement>(bytes: &[u8]) -> Result<Handle, Refusal> {
    kid_as(Form::of::<S>(), bytes)
}

pub(super) fn kid_as(form: Form, bytes: &[u8]) -> Result<Handle, Refusal> {
    Parts::read(bytes, form).map(|parts| parts.kid)
}

/// Reads what a statement says **before** its signature can be checked, where the key stands in the statement itself.
///
/// # Errors
/// What the form refuses.
pub(crate) fn claimed<S: Statement>(bytes: &[u8]) -> Result<Box<S>, Refusal> {
    decode_payload(Parts::read(bytes, Form::of::<S>())?.payload)
}

pub(crate) fn decode_payload<F: Field>(payload: &[u8]) -> Result<Box<F>, Refusal> {
    let mut statement = Box::new(F::blank());
    decode_into(&mut *statement, MAX_BYTES, payload)?;
    Ok(statement)
}

fn decode_into(statement: &mut dyn Field, most_bytes: usize, payload: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::up_to(most_bytes, payload)?;
    statement.read(&mut reader)?;
    reader.end()
}

/// The canonical payload of a statement or intent.
#[must_use]
pub fn encode(value: &dyn Field) -> Vec<u8> {
    let mut to = Writer::new();
    value.write(&mut to);
    to.into_bytes()
}
