//! The scripted issuer's answers.

use super::*;
use crate::wire::calls::read_body;

impl Issuer {
    pub(super) fn new() -> Self {
        let entropy = MemoryEntropy::seeded(2);
        let (root, _) = SoftKey::make(&entropy).unwrap();
        let keys = make_keys(&entropy);
        let (set, signed) = make_set(&root, &keys, None);
        let left = Left { amount: amount(20_000), count: 10, resets_at: 0 };
        let book = Book {
            status: DeviceStatus::Active,
            devices: Vec::new(),
            receipts: Vec::new(),
            balance: 10_000,
            left,
            offline_count: 2,
            tier: Tier::Browser,
            floor: 0,
            sources: vec![card("card-1", "VISA 4242")],
            limit: amount(20_000),
            named: Vec::new(),
            allowances: 0,
            frozen_by: None,
            signed_off_by: None,
            label: String::new(),
            credential: Bytes(vec![1]).try_into().unwrap(),
            enrolled: None,
            intent: None,
            set,
            signed,
        };
        Self {
            clock: MemoryClock::new(START_MS),
            entropy,
            book: RefCell::new(book),
            trick: Cell::default(),
            calls: RefCell::default(),
            other_clock: RefCell::default(),
            root,
            keys: RefCell::new(keys),
            past: RefCell::default(),
            road: RefCell::default(),
        }
    }

    /// Puts somebody on the road who may change each answer.
    pub(in crate::wallet) fn carry(&self, road: impl Fn(&str, Response) -> Response + 'static) {
        self.road.replace(Some(Box::new(road)));
    }

    /// Puts somebody on the road who answers one call in the issuer's place.
    pub(in crate::wallet) fn answer_instead(&self, path: &'static str, body: Vec<u8>) {
        self.carry(
            move |called, response| {
                if called == path { Response { status: 200, body: body.clone(), ..response } } else { response }
            },
        );
    }

    pub(super) fn carried(&self, request: &Request, response: Response) -> Response {
        let path = request.url.strip_prefix(ORIGIN).unwrap();
        let is_answer = response.status != Code::UseDpopNonce.status();
        self.road
            .borrow()
            .as_ref()
            .filter(|_| is_answer)
            .map_or_else(|| response.clone(), |road| road(path, response.clone()))
    }

    pub(in crate::wallet) fn root(&self) -> Thumbprint {
        self.root.public().thumbprint()
    }

    /// The next key set; `by_previous` as it must be, or left out.
    pub(in crate::wallet) fn rotate(&self, with_previous: bool) {
        let keys = make_keys(&self.entropy);
        let mut book = self.book.borrow_mut();
        let (set, mut signed) = make_set(&self.root, &keys, Some((&book.set, &self.keys.borrow())));
        if !with_previous {
            signed.by_previous = None;
        }
        self.past.borrow_mut().push(core::mem::replace(&mut book.signed, signed));
        book.set = set;
        drop(book);
        self.keys.replace(keys);
    }

    pub(super) fn now(&self) -> u32 {
        u32::try_from(self.clock.true_ms() / 1000).unwrap()
    }

    pub(super) fn sign<S: Statement>(&self, usage: Use, statement: &S) -> Bytes {
        let keys = self.keys.borrow();
        let (_, key) = keys.iter().find(|(held, _)| *held == usage).unwrap();
        sign(statement, key)
    }

    pub(super) fn answer(&self, request: &Request) -> Result<Response, Unreachable> {
        let path = request.url.strip_prefix("http://localhost:8787").unwrap().to_owned();
        self.calls.borrow_mut().push(path.clone());
        if path == WELL_KNOWN {
            let known = WellKnown {
                issuer: issuer_id(),
                rp_id: "localhost".parse().unwrap(),
                currency: Currency::JPY,
                versions: vec![VERSION],
                key_set: self.book.borrow().signed.clone(),
                past: Some(self.past.borrow().clone()),
            };
            return Ok(ok(&known));
        }
        let url = [issuer_id().as_str(), &path].concat();
        let proof = request.proof.as_deref().unwrap();
        let proof = dpop::verify(proof, "POST", &url, &request.body).unwrap();
        if proof.claims.nonce != "nonce-1" {
            return Ok(refused(Code::UseDpopNonce));
        }
        if let Some(Trick::Refuse(code)) = self.trick.get() {
            return Ok(refused(code));
        }
        Ok(match path.as_str() {
            LogIn::PATH => ok(&LogInStarted { attempt: "attempt".into() }),
            EnterCode::PATH => match read::<EnterCode>(request).code.as_str() {
                "12345678" => ok(&Ticket { ticket: "ticket".into() }),
                _ => refused(Code::CodeRefused),
            },
            PrepareEnrolment::PATH => {
                self.book.borrow_mut().label = read::<PrepareEnrolment>(request).label;
                ok(&EnrolmentPrepared {
                    account: account(),
                    account_label: "hanako".parse().unwrap(),
                    user_handle: Bytes(vec![1; 16]),
                    nonce: Nonce([3; 16]),
                    expires_at: self.now() + 600,
                    exclude: Some(vec![]),
                    credentials: None,
                })
            }
            ConfirmEnrolment::PATH => self.enrol(&read(request)),
            Sync::PATH => self.sync(&read(request)),
            NameCounters::PATH => {
                let NameCounters { nonce, counter } = read(request);
                if self.trick.get() != Some(Trick::CountersNotTaken) {
                    let mut book = self.book.borrow_mut();
                    book.named.push(counter);
                    book.floor = book.floor.max(counter);
                }
                let nonce = if self.trick.get() == Some(Trick::OtherTimeNonce) { Nonce([0; 16]) } else { nonce };
                let time = Time { issuer: issuer_id(), nonce, now_ms: Whole::new(self.clock.true_ms()).unwrap() };
                ok(&CountersNamed { time: self.sign(Use::Time, &time) })
            }
            Refill::PATH => {
                let thumb = proof.key.thumbprint();
                ok(&Refilled { allowance: self.allowance(thumb), left: self.book.borrow().left })
            }
            PrepareTopUp::PATH => self.top_up(&read(request), proof.key.thumbprint()),
            ConfirmIntent::PATH => self.confirm(&read(request)),
            ProveCard::PATH => ok(&CardProofStarted { page: "/card".into(), proof: "proof".into() }),
            FreezeAccount::PATH => {
                let call: FreezeAccount = read(request);
                let statement = sign1::open::<crate::wire::freeze::Freeze>(&call.statement.0, &proof.key).unwrap();
                assert_eq!(statement.account, account());
                self.book.borrow_mut().frozen_by = Some(proof.key.thumbprint());
                self.book.borrow_mut().status = DeviceStatus::Frozen;
                ok(&AccountFrozen { at: self.now() })
            }
            SignOff::PATH => {
                self.book.borrow_mut().signed_off_by = Some(proof.key.thumbprint());
                ok(&SignedOff { at: self.now() })
            }
            _ => refused(Code::NotFound),
        })
    }

    fn enrol(&self, call: &ConfirmEnrolment) -> Response {
        let again = self.book.borrow().enrolled.clone().filter(|(held, _)| *held == call.statement);
        if let Some((_, allowance)) = again {
            return ok(&Enrolled { allowance });
        }
        if !self.book.borrow().devices.is_empty() {
            return refused(Code::NotFirstDevice);
        }
        let statement = open_self_signed(&call.statement.0).unwrap();
        let label = self.book.borrow().label.parse().unwrap();
        let thumb = statement.device_key.thumbprint();
        self.book.borrow_mut().credential = call.registration.raw_id.clone();
        self.book.borrow_mut().devices.push(DeviceItem {
            thumb,
            label,
            custody: statement.custody,
            status: DeviceStatus::Active,
            added_at: self.now(),
            cooled_at: 0,
            last_used_at: None,
        });
        self.record(Kind::DeviceAdded, Some(thumb), None, None);
        let allowance = self.allowance(thumb);
        self.book.borrow_mut().enrolled = Some((call.statement.clone(), allowance.clone()));
        ok(&Enrolled { allowance })
    }

    fn allowance(&self, thumb: Thumbprint) -> Bytes {
        self.book.borrow_mut().allowances += 1;
        let (tier, count) = (self.book.borrow().tier, self.book.borrow().offline_count);
        let allowance = Allowance {
            issuer: issuer_id(),
            account: account(),
            thumb,
            handle: Handle(self.entropy.draw().unwrap()),
            veil: Veil(self.entropy.draw().unwrap()),
            per_payment: amount(10_000),
            count: 10,
            total: amount(20_000),
            offline: Offline { per_payment: amount(5_000), count, total: amount(10_000) },
            currency: Currency::JPY,
            until: self.now() + 7 * 24 * 3600,
            cooled_at: 0,
            tier,
        };
        self.sign(Use::Allowance, &allowance)
    }

    /// Adds a receipt to the chain.
    pub(in crate::wallet) fn record(
        &self,
        kind: Kind,
        thumb: Option<Thumbprint>,
        token: Option<&Token>,
        moved: Option<u32>,
    ) -> u64 {
        let body = Body {
            salt: self.entropy.draw().unwrap(),
            amount: moved.map(amount),
            currency: moved.map(|_| Currency::JPY),
            shop: (kind == Kind::Payment).then(|| "Konbini".parse().unwrap()),
            place: (kind == Kind::Payment).then(|| "Shibuya".parse().unwrap()),
            source: (kind == Kind::TopUp).then(|| "card-1".parse().unwrap()),
            device_label: None,
            undoes: None,
            reason: None,
        };
        self.record_with(kind, thumb, token, moved, body.to_bytes())
    }

    /// Adds a receipt whose body is whatever these bytes are.
    pub(in crate::wallet) fn record_with(
        &self,
        kind: Kind,
        thumb: Option<Thumbprint>,
        token: Option<&Token>,
        moved: Option<u32>,
        body: Vec<u8>,
    ) -> u64 {
        let mut book = self.book.borrow_mut();
        let prev = book.receipts.last().map_or(Hash::ZERO, |(receipt, _)| receipt.link());
        match kind {
            Kind::Payment => book.balance -= moved.unwrap_or(0),
            Kind::TopUp | Kind::Refund => book.balance += moved.unwrap_or(0),
            _ => {}
        }
        let seq = book.receipts.len() as u64 + 1;
        let receipt = Receipt {
            issuer: issuer_id(),
            account: account(),
            seq: Whole::new(seq).unwrap(),
            prev,
            time: self.now(),
            kind,
            thumb,
            atc: token.map(|token| token.atc),
            random: token.map(|token| token.random),
            body_hash: Hash(sha256(&body)),
            balance: amount(book.balance),
        };
        book.receipts.push((receipt, Bytes(body)));
        seq
    }

    pub(in crate::wallet) fn item(&self, (receipt, body): &(Receipt, Bytes)) -> ReceiptItem {
        let usage = if self.trick.get() == Some(Trick::ReceiptWrongKey) { Use::Time } else { Use::Receipt };
        let mut body = body.clone();
        if self.trick.get() == Some(Trick::ReceiptBody)
            && let Some(last) = body.0.last_mut()
        {
            *last ^= 1;
        }
        if self.trick.get() == Some(Trick::ReceiptErased) {
            body.0.clear();
        }
        ReceiptItem { receipt: self.sign(usage, receipt), body }
    }
}

/// A card that was proved on every device.
pub(in crate::wallet) fn card(id: &str, label: &str) -> SourceItem {
    SourceItem {
        id: id.parse().unwrap(),
        kind: "card".parse().unwrap(),
        label: label.parse().unwrap(),
        random: [5; 16],
        usable_from: Some(0),
    }
}

fn make_keys(entropy: &MemoryEntropy) -> Vec<(Use, SoftKey)> {
    Use::ALL.into_iter().map(|usage| (usage, SoftKey::make(entropy).unwrap().0)).collect()
}

fn make_set(
    root: &SoftKey,
    keys: &[(Use, SoftKey)],
    before: Option<(&KeySet, &Vec<(Use, SoftKey)>)>,
) -> (KeySet, SignedKeySet) {
    let entry = |(usage, key): &(Use, SoftKey)| IssuerKey {
        kid: key.public().kid(),
        key: *key.public(),
        usage: *usage,
        not_before: 1_700_000_000,
        not_after: 1_900_000_000,
    };
    let old = before.map(|(set, _)| set.keys.to_vec()).unwrap_or_default();
    let old = old.into_iter().take(MOST_KEYS - keys.len());
    let set = KeySet {
        issuer: issuer_id(),
        seq: Whole::new(before.map_or(1, |(set, _)| set.seq.get() + 1)).unwrap(),
        keys: keys.iter().map(entry).chain(old).collect::<Vec<_>>().try_into().unwrap(),
        prev: before.map_or(Hash::ZERO, |(set, _)| set.link()),
    };
    let by_previous =
        before.map(|(_, keys)| sign(&set, &keys.iter().find(|(usage, _)| *usage == Use::Time).unwrap().1));
    let signed = SignedKeySet { root: *root.public(), by_root: sign(&set, root), by_previous };
    (set, signed)
}

fn sign<S: Statement>(statement: &S, key: &SoftKey) -> Bytes {
    let unsigned = sign1::prepare(statement, key.public());
    Bytes(unsigned.finish(&key.sign_now(unsigned.message()).unwrap()))
}

fn read<C: Call>(request: &Request) -> C {
    read_body::<C>(&request.body).unwrap().0
}

pub(super) fn ok<T: serde::Serialize>(body: &T) -> Response {
    Response { status: 200, body: serde_json::to_vec(body).unwrap(), nonce: Some("nonce-1".into()), retry_after: None }
}

pub(super) fn refused(code: Code) -> Response {
    let body = serde_json::to_vec(&Problem::new(code)).unwrap();
    Response { status: code.status(), body, nonce: Some("nonce-1".into()), retry_after: None }
}
