//! Seeds of the fuzz targets, replayed: every vector and everything a fuzzer ever found, through every decoder.
//! `JITSUIN_WRITE_SEEDS=1 cargo test --test corpus` writes them into `fuzz/corpus/` for a run of libFuzzer.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "../fuzz/decoders.rs"]
mod decoders;
#[path = "lib/world.rs"]
mod world;

use decoders::{DECODERS, run};
use jitsuin::wallet::memory::run as run_async;
use jitsuin::wallet::ports::{Kept, Platform, Store};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use world::World;

/// A seed: where it comes from and its bytes, as the decoder takes them.
struct Seed {
    folder: String,
    rule: String,
    bytes: Vec<u8>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The vectors' inputs; of a statement also its payload alone, which a fuzzer can change without a signature.
fn seeds() -> Vec<Seed> {
    let mut seeds = vec![];
    for folder in files(&root().join("tests/vectors")) {
        for file in files(&folder) {
            let vector: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            let Some(input) = vector.get("input").and_then(|input| input.as_str()) else { continue };
            let mut put = |rule: String, bytes: Vec<u8>| seeds.push(Seed { folder: name(&folder), rule, bytes });
            let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
            put(name(&file), hex(input).filter(|bytes| !bytes.is_empty()).unwrap_or_else(|| input.into()));
            if let Some(payload) = vector.pointer("/fields/payload").and_then(|payload| payload.as_str()).and_then(hex)
            {
                put(format!("{}-payload", name(&file)), payload);
            }
        }
    }
    for text in [
        "540",
        "0",
        "9007199254740991",
        "JPY",
        "USD",
        "https://issuer.example",
        "http://localhost:8787",
        "wallet.example",
    ] {
        seeds.push(Seed { folder: "text".into(), rule: text.replace(['/', ':'], "-"), bytes: text.into() });
    }
    for (rule, text) in [("account", "acc-5f2c"), ("audience", "t/minato-1"), ("base64", "3q2-7w")] {
        seeds.push(Seed { folder: "text".into(), rule: rule.into(), bytes: text.into() });
    }
    seeds.push(Seed { folder: "record".into(), rule: "used".into(), bytes: used_record() });
    seeds
}

/// The record of a wallet that enrolled, proved a card and paid.
fn used_record() -> Vec<u8> {
    run_async(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let code = wallet.payment_code(None).await.unwrap();
        world.till("1001").await.charge(&code.text, 540, "sale-1").await;
        wallet.sync().await.unwrap();
        let Kept::Record(record) = place.store().load().await.unwrap() else { panic!("no record") };
        record.data
    })
}

#[test]
fn every_seed_goes_through_every_decoder() {
    let seeds = seeds();
    assert!(seeds.len() > 500, "{}", seeds.len());
    if std::env::var_os("JITSUIN_WRITE_SEEDS").is_some() {
        write(&seeds);
    }
    for seed in &seeds {
        for (target, _) in DECODERS {
            run(target, &seed.bytes);
        }
    }
}

#[test]
fn what_a_fuzzer_found_stays_mended() {
    for target in files(&root().join("fuzz/found")) {
        for file in files(&target) {
            run(&name(&target), &std::fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_decoder_has_a_target_and_every_folder_a_decoder() {
    let decoders: BTreeSet<String> = DECODERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let targets: BTreeSet<String> = files(&root().join("fuzz/targets")).iter().map(|path| name(path)).collect();
    assert_eq!(decoders, targets);
    for seed in seeds() {
        assert!(decoders.contains(&seed.folder) || seed.folder == "assertion", "{}", seed.folder);
    }
}

fn write(seeds: &[Seed]) {
    for seed in seeds {
        let folder = root().join("fuzz/corpus").join(&seed.folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&seed.rule), &seed.bytes).unwrap();
    }
}
