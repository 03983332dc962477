//! Shops: tills that ask under one key until they are answered, look up what they were not told, and give back by mistake.

use super::act::Act;
use super::caller::Caller;
use super::facts::Sale;
use super::phone::Deliver;
use jitsuin::wire::calls::{EnrolTill, LookUpPayment, Outcome, PaymentAnswer, ReversePayment, TakePayment};
use jitsuin::wire::money::{Amount, Currency};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Sales of all tills.
pub type Sales = Rc<RefCell<Vec<Sale>>>;

/// One till.
pub struct Till {
    name: String,
    merchant: String,
    caller: Caller,
    sales: Sales,
    now: Rc<dyn Fn() -> u64>,
}

impl Till {
    /// One that is not registered yet.
    pub fn new(
        (name, merchant): (&str, &str),
        seed: u64,
        deliver: Deliver,
        sales: Sales,
        now: Rc<dyn Fn() -> u64>,
    ) -> Self {
        Self { name: name.into(), merchant: merchant.into(), caller: Caller::stranger(seed, deliver), sales, now }
    }

    /// Registers its key.
    pub async fn enrol(&self, act: &Arc<Act>, code: &str) {
        let call = EnrolTill { code: code.into() };
        let name = self.caller.random();
        self.caller.call(act, (self.now)(), (&call, name)).await.unwrap().unwrap();
    }

    /// `t/1001`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `m/1001`.
    pub fn merchant(&self) -> &str {
        &self.merchant
    }

    /// Charges a code: what the cashier says in the end; none, if nobody knows yet.
    pub async fn charge(
        &self,
        act: &Arc<Act>,
        owner: usize,
        code: &str,
        amount: u32,
        (meant, by_thief): (bool, bool),
    ) -> Option<Outcome> {
        let key: String = self.caller.random().iter().map(|byte| format!("{byte:02x}")).collect();
        let sale = Sale {
            step: act.step,
            till: self.name.clone(),
            merchant: self.merchant.clone(),
            key: key.clone(),
            code: code.into(),
            amount: amount.into(),
            owner,
            meant,
            by_thief,
            told: vec![],
        };
        let at = self.sales.borrow().len();
        self.sales.borrow_mut().push(sale);
        let call =
            TakePayment { token: code.into(), amount: Amount::of(amount), currency: Currency::JPY, key: key.clone() };
        // Some tills ask again, some look the sale up as soon as an answer is late.
        for _ in 0..=self.caller.random()[0] % 3 {
            match self.caller.call(act, (self.now)(), (&call, [0; 16])).await {
                Some(Ok(answer)) => return Some(self.told(at, &answer)),
                // The till's own mistakes and limits: no payment.
                Some(Err(problem)) if problem.code != "idempotency-mismatch" => {
                    act.say(&format!("the till is refused: {}", problem.code));
                    return None;
                }
                _ => sleep(Duration::from_secs(2)).await,
            }
        }
        self.look_up(act, at).await
    }

    fn told(&self, at: usize, answer: &PaymentAnswer) -> Outcome {
        self.sales.borrow_mut()[at].told.push((answer.outcome, answer.payment.clone()));
        answer.outcome
    }

    /// Asks what became of a sale.
    pub async fn look_up(&self, act: &Arc<Act>, at: usize) -> Option<Outcome> {
        let key = self.sales.borrow()[at].key.clone();
        match self.caller.call(act, (self.now)(), (&LookUpPayment { key }, [0; 16])).await? {
            Ok(answer) => Some(self.told(at, &answer)),
            Err(problem) if problem.code == "not-found" => {
                self.sales.borrow_mut()[at].told.push((Outcome::Declined, None));
                Some(Outcome::Declined)
            }
            Err(problem) => {
                act.say(&format!("the till can't look up: {}", problem.code));
                None
            }
        }
    }

    /// Sales of this till that nobody was told the end of.
    pub fn unsettled(&self) -> Vec<usize> {
        let sales = self.sales.borrow();
        let open = |(_, sale): &(usize, &Sale)| sale.till == self.name && sale.told.is_empty();
        sales.iter().enumerate().filter(open).map(|(at, _)| at).collect()
    }

    /// Gives back this till's newest payment of an owner, or tries to again.
    pub async fn reverse(&self, act: &Arc<Act>, owner: usize) -> Option<Outcome> {
        let own = |sale: &Sale| sale.till == self.name && sale.owner == owner && sale.meant;
        let at = self.sales.borrow().iter().rposition(own)?;
        self.give_back(act, at).await
    }

    /// The newest sale of this till with a code.
    pub fn sale_with(&self, code: &str) -> Option<usize> {
        self.sales.borrow().iter().rposition(|sale| sale.till == self.name && sale.code == code)
    }

    /// Gives back one payment, under a new key each time.
    pub async fn give_back(&self, act: &Arc<Act>, at: usize) -> Option<Outcome> {
        let (outcome, payment) = self.sales.borrow()[at].told.last()?.clone();
        let payment = payment.filter(|_| matches!(outcome, Outcome::Approved | Outcome::Reversed))?;
        let key: String = self.caller.random().iter().map(|byte| format!("{byte:02x}")).collect();
        let call = ReversePayment { payment, key };
        for _ in 0..3 {
            match self.caller.call(act, (self.now)(), (&call, [0; 16])).await {
                Some(Ok(answer)) => return Some(self.told(at, &answer)),
                Some(Err(problem)) => {
                    act.say(&format!("the till may not give back: {}", problem.code));
                    return None;
                }
                None => sleep(Duration::from_secs(2)).await,
            }
        }
        None
    }
}
