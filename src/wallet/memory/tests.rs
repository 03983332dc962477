use super::*;
use crate::wallet::ports::{Authenticator, Clock, CreationOptions, Ended, Keys, Lock, RequestOptions, SigningKey};
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, CredentialId, Hash};
use crate::wire::sha256;
use crate::wire::webauthn::{AttestedCredential, AuthenticatorData, ClientData, Registration};
use core::time::Duration;

fn place() -> Place {
    Place::new("https://wallet.example", 1_000, FnTransport::new(|_| async { Err(Unreachable::Offline) }))
}

/// What comes of asking for a passkey, those of `exclude` being there.
fn created(place: &Place, exclude: &[CredentialId]) -> Result<Box<Registration>, Ended> {
    let options = CreationOptions {
        rp_id: &"wallet.example".parse().unwrap(),
        rp_name: "Wallet",
        user_handle: &Bytes(vec![1; 16]),
        account_label: "hanako",
        challenge: &Hash([2; 32]),
        exclude,
        prf: None,
        deadline: Duration::from_secs(60),
    };
    run(place.authenticator().create(&options)).map(|(made, _)| made)
}

#[test]
fn keys_sign_and_show_nothing() {
    let place = place();
    let (key, handle) = run(place.keys().make(Custody::Software)).unwrap();
    let signature = run(key.sign(b"message")).unwrap();
    assert!(key.public().verify(b"message", &signature).is_ok());
    let again = run(place.keys().open(&handle, key.public(), None)).unwrap();
    assert_eq!(again.public(), key.public());
    assert_eq!(format!("{handle:?}"), "SoftHandle(secret)");
    assert_eq!(format!("{key:?}"), format!("SoftKey {}", key.public().thumbprint()));
    assert!(run(place.keys().make(Custody::Native)).is_err());
}

#[test]
fn the_authenticator_is_one() {
    let place = place();
    let authenticator = place.authenticator();
    authenticator.set_backup(true, true);
    let made = created(&place, &[]).unwrap();
    let data = &made.response.authenticator_data.0;
    let flags = AuthenticatorData::from_bytes(data).unwrap().flags;
    assert!(flags.user_present() && flags.user_verified() && flags.backup_eligible() && flags.backed_up());
    let attested = AttestedCredential::from_authenticator_data(data).unwrap();
    assert_eq!(attested.id, made.raw_id);
    assert!(made.response.attestation_object.0.ends_with(data));
    let client = ClientData::from_bytes(&made.response.client_data.0).unwrap();
    assert!(client.answers(&Hash([2; 32])));
    // The key inside signs the assertion.
    let key = &attested.key.0;
    let public =
        crate::wire::key::PublicKey::from_coordinates(key[10..42].try_into().unwrap(), key[45..77].try_into().unwrap())
            .unwrap();
    let options = RequestOptions {
        rp_id: &"wallet.example".parse().unwrap(),
        challenge: &Hash([3; 32]),
        credentials: std::slice::from_ref(&made.raw_id),
        prf: None,
        deadline: Duration::from_secs(60),
    };
    let (assertion, _) = *run(authenticator.get(&options)).unwrap();
    let response = assertion.response;
    let message = [response.authenticator_data.0.as_slice(), &sha256(&response.client_data.0)].concat();
    let signature = p256::ecdsa::Signature::from_der(&response.signature.0).unwrap();
    let signature = crate::wire::key::Signature::from_signer(&signature.to_bytes()).unwrap();
    assert!(public.verify(&message, &signature).is_ok());
    authenticator.forget();
    assert_eq!(run(authenticator.get(&options)).unwrap_err().name, "NotAllowedError");
    assert!(created(&place, &[made.raw_id]).is_ok(), "a forgotten passkey excludes nothing");
}

#[test]
fn an_excluded_passkey_is_not_made_twice() {
    let place = place();
    let made = created(&place, &[]).unwrap();
    assert_eq!(created(&place, &[made.raw_id]).unwrap_err().name, "InvalidStateError");
}

#[test]
fn a_lock_excludes_and_is_handed_on() {
    let place = place();
    let tab = place.clone();
    run(async {
        let held = place.lock().acquire("a").await.unwrap();
        let other = tab.lock().acquire("b").await.unwrap();
        let mut waiting = Box::pin(tab.lock().acquire("a"));
        crate::wallet::scripted::start(&mut waiting).await;
        drop(held);
        drop(waiting.await.unwrap());
        drop(other);
    });
}

#[test]
fn the_clock_moves_only_when_told() {
    let clock = MemoryClock::new(1_000);
    let mut sleep = Box::pin(clock.sleep(Duration::from_secs(5)));
    run(async {
        crate::wallet::scripted::start(&mut sleep).await;
        clock.advance(Duration::from_secs(4));
        crate::wallet::scripted::start(&mut sleep).await;
        clock.advance(Duration::from_secs(1));
        sleep.await;
    });
    clock.set_skew(-500);
    assert_eq!((clock.now_ms(), clock.true_ms()), (5_500, 6_000));
}

#[test]
fn seeded_bytes_repeat_and_the_systems_do_not() {
    use crate::wallet::ports::Entropy;
    let draw = |entropy: MemoryEntropy| (entropy.draw::<40>().unwrap(), entropy.draw::<40>().unwrap());
    assert_eq!(draw(MemoryEntropy::seeded(1)), draw(MemoryEntropy::seeded(1)));
    assert_ne!(draw(MemoryEntropy::seeded(1)), draw(MemoryEntropy::seeded(2)));
    let (one, two) = draw(MemoryEntropy::of_system());
    assert_ne!(one, two);
}
