//! Money: books, receipts, tells of tills, and once is once.

use super::doctored::*;
use super::promises;
use jitsuin::issuer::books::{Book, Entry, Line};
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::receipt::Kind;

#[test]
fn books_balance() {
    breaks("books-balance", |facts| {
        let line = line(facts, &facts.owners[0].account, 0);
        facts.entries.push(Entry { book: Book::Cards, amount: 1, ..line });
    });
    // Each movement is even, and the shop has less than nothing.
    breaks("books-balance", |facts| book(facts, "odd", shop(), Line::cards(), 1_000_000));
    // Nobody's account, in the book of accounts.
    breaks("books-balance", |facts| {
        let nobody = Line::account(&"nobody".parse().unwrap());
        book(facts, "odd", Line::cards(), nobody, 1);
    });
}

#[test]
fn money_from_nowhere_is_seen_in_the_books_and_in_the_receipts() {
    let seen = |with_receipt: bool| {
        let mut facts = story();
        later(&mut facts, 1);
        let (account, _) = own(&mut facts);
        account.balance = account.balance.plus(amount(100)).unwrap();
        if with_receipt {
            write(&mut facts, Kind::Released, None, |_, _| {});
        }
        broken_now(&facts)
    };
    for with_receipt in [true, false] {
        let names: Vec<_> = seen(with_receipt).into_iter().map(|broken| broken.promise).collect();
        assert_eq!(names, ["books-balance", "every-yen-has-a-receipt"]);
    }
}

#[test]
fn every_yen_has_a_receipt() {
    let name = "every-yen-has-a-receipt";
    breaks(name, |facts| {
        later(facts, 1);
        let (account, _) = own(facts);
        account.balance = account.balance.minus(amount(100)).unwrap();
        let her = hers(facts);
        book(facts, "payment/none", her, shop(), 100);
    });
    // A receipt that moves what its kind does not.
    breaks(name, |facts| {
        later(facts, 1);
        let (account, _) = own(facts);
        account.balance = account.balance.plus(amount(100)).unwrap();
        write(facts, Kind::Released, None, |_, _| {});
        let her = hers(facts);
        book(facts, "top-up/odd", Line::cards(), her, 100);
        facts.charges.push(charge("odd", 100));
        facts.owners[0].top_ups_agreed.push(100);
    });
    // Details that say another amount than the balance.
    breaks(name, |facts| {
        later(facts, 900);
        top_up(facts, 1_000);
        let (account, stored) = own(facts);
        let undone = stored.pop().unwrap();
        account.link =
            jitsuin::rules::chain::Link { seq: undone.seq - 1, hash: stored.last().unwrap().link().unwrap() };
        facts.owners[0].top_ups_agreed.push(999);
        write(facts, Kind::TopUp, Some(999), |_, _| {});
    });
    // A payment that is given back twice.
    breaks(name, |facts| {
        later(facts, 1);
        let id = facts.sales[2].told[0].1.clone().unwrap();
        let (account, stored) = own(facts);
        let back = stored.iter().find(|stored| stored.kind == Kind::Refund).unwrap();
        let back = promises::reading::read_receipt(&back.item).unwrap();
        account.balance = account.balance.plus(amount(300)).unwrap();
        write(facts, Kind::Refund, Some(300), |receipt, body| {
            (receipt.thumb, receipt.atc, receipt.random) = (back.receipt.thumb, back.receipt.atc, back.receipt.random);
            body.undoes = back.body.unwrap().undoes;
            body.shop = Some("Kado no Mise".parse().unwrap());
        });
        let her = hers(facts);
        book(facts, &format!("refund/{id}"), shop(), her, 300);
    });
}

#[test]
fn a_till_is_told_the_truth() {
    let name = "a-till-is-told-the-truth";
    // Approved, and nobody paid.
    breaks(name, |facts| {
        let told = vec![(Outcome::Approved, Some("none".into()))];
        facts.sales.push(sale("other", "", 540, told));
    });
    // Declined, and it was paid.
    breaks(name, |facts| facts.sales[0].told = vec![(Outcome::Declined, None)]);
    // No till asked.
    breaks(name, |facts| facts.sales.truncate(3));
    // Two answers.
    breaks(name, |facts| facts.sales[1].told.push((Outcome::Declined, None)));
    breaks(name, |facts| facts.sales[2].told.reverse());
    // Given back, and it was not.
    breaks(name, |facts| {
        let payment = facts.sales[0].told[0].1.clone();
        facts.sales[0].told.push((Outcome::Reversed, payment));
    });
    // Another amount, and another shop.
    breaks(name, |facts| facts.sales[0].amount = 541);
    breaks(name, |facts| facts.sales[0].merchant = "m/2002".into());
    // The answer was lost: any.
    keeps(|facts| facts.sales[0].told.clear());
    keeps(|facts| facts.sales[4].told.insert(0, (Outcome::TillBlocked, None)));
}

#[test]
fn nothing_is_charged_twice() {
    let name = "nothing-is-charged-twice";
    keeps(|facts| {
        later(facts, 100);
        pay(facts, 100, (900, [1; 4]));
    });
    breaks(name, |facts| {
        later(facts, 100);
        pay(facts, 100, (900, [1; 4]));
        pay(facts, 100, (900, [1; 4]));
    });
    keeps(|facts| {
        later(facts, 900);
        top_up(facts, 1_000);
    });
    // Agreed to once.
    breaks(name, |facts| {
        later(facts, 900);
        top_up(facts, 5_000);
        facts.owners[0].top_ups_agreed.pop();
    });
    // A charge that nobody agreed to.
    breaks(name, |facts| {
        later(facts, 1);
        facts.charges.push(charge("more", 5_000));
    });
    // Charged for good, and credited nobody.
    breaks(name, |facts| {
        facts.charges.push(charge("more", 700));
        facts.owners[0].top_ups_agreed.push(700);
    });
    // Credited, and no card was charged.
    breaks(name, |facts| facts.charges.clear());
}

#[test]
fn no_token_counts_twice() {
    let name = "no-token-counts-twice";
    breaks(name, |facts| {
        later(facts, 100);
        pay(facts, 100, (900, [1; 4]));
        pay(facts, 100, (900, [2; 4]));
    });
    // One code, two sales that were approved.
    breaks(name, |facts| {
        later(facts, 100);
        let first = pay(facts, 100, (900, [1; 4]));
        pay(facts, 100, (901, [1; 4]));
        facts.sales.last_mut().unwrap().code = first.code;
    });
    // Two sales are told of one payment.
    breaks(name, |facts| {
        let mut other = facts.sales[0].clone();
        (other.key, other.code) = ("other".into(), String::new());
        facts.sales.push(other);
    });
    // Counted twice against the limit, and not at all.
    breaks(name, |facts| {
        later(facts, 1);
        let at = now(facts);
        own(facts).0.spent.add(amount(540), at);
    });
    breaks(name, |facts| {
        later(facts, 1);
        own(facts).0.devices[0].spent = jitsuin::rules::spending::Meter::default();
    });
    keeps(|facts| later(facts, 0));
}

#[test]
fn receipts_are_whole() {
    let name = "receipts-are-whole";
    breaks(name, |facts| own(facts).1[2].item.body.0 = vec![0xa0]);
    breaks(name, |facts| {
        later(facts, 1);
        own(facts).0.link.seq += 1;
    });
    breaks(name, |facts| own(facts).1[2].at += 1);
    breaks(name, |facts| write(facts, Kind::CardProved, None, |receipt, _| receipt.seq = 99_u32.into()));
    breaks(name, |facts| {
        write(facts, Kind::CardProved, None, |receipt, _| receipt.prev = jitsuin::wire::id::Hash::ZERO);
    });
    breaks(name, |facts| {
        later(facts, 1);
        write(facts, Kind::CardProved, None, |receipt, _| receipt.account = "other".parse().unwrap());
    });
    // Details that were erased are no gap.
    keeps(|facts| own(facts).1[1].item.body.0.clear());
}
