//! The entry points of the fuzz targets (`fuzz/`), hit with mutations of good input from a fixed seed: the short form
//! that runs everywhere. `SERASI_FUZZ_RUNS` and `SERASI_FUZZ_SEED` make another one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

use std::fmt::Debug;
use std::str::FromStr;

use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_domain::policy::Policy;
use serasi_hub::auth::{DevIssuer, Role, TokenRequest};
use serasi_hub::hostile::{Shape, read};
use serasi_hub::policy_content;
use serasi_proto::v1;
use serasi_tests::build;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-23 03:00 UTC);
/// A request has at most so many bytes: the server takes no more.
const LONGEST: usize = 256 * 1024;

fn setting<T: FromStr<Err: Debug>>(name: &str, usual: T) -> T {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    setting("SERASI_FUZZ_SEED", 7)
}

/// A good message of each shape.
fn good(shape: Shape) -> Vec<u8> {
    match shape {
        Shape::Intake => build::submit(build::intake("1")).encode_to_vec(),
        Shape::Facility => build::facility("1", "32.73.01", 5)
            .facility
            .unwrap()
            .encode_to_vec(),
        Shape::CapacityReport => build::pool(10, 3).encode_to_vec(),
        Shape::Need => v1::Need {
            base: v1::ServiceBase::Residential as i32,
            places: 2,
            ..v1::Need::default()
        }
        .encode_to_vec(),
        Shape::Policy => policy_content(&Policy::p7()).encode_to_vec(),
        Shape::PageToken => v1::ListCasesRequest {
            page_size: 10,
            ..v1::ListCasesRequest::default()
        }
        .encode_to_vec(),
    }
}

/// Some bytes changed, cut out, doubled or put in; mostly changed, or nothing could be decoded.
fn mutate(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..16) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.random()),
            2 => {
                let odd = [0, 1, 0x7f, 0x80, 0xff];
                let odd = odd[random.random_range(0..odd.len())];
                let length = random.random_range(1..12);
                bytes.splice(at..at, std::iter::repeat_n(odd, length));
            }
            3 => {
                let until = random.random_range(at..=bytes.len());
                let copy = bytes[at..until].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => {
                let until = random.random_range(at..=bytes.len()).min(at + 8);
                bytes.drain(at..until);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
        }
        bytes.truncate(LONGEST);
    }
}

#[test]
fn a_good_message_of_each_shape_has_no_fault() {
    for shape in Shape::ALL {
        assert_eq!(
            read(shape, &good(shape), NOW).unwrap(),
            Vec::<String>::new(),
            "{shape:?}"
        );
    }
}

#[test]
fn no_bytes_make_a_parser_fall_and_each_kind_of_end_is_met() {
    println!("SERASI_FUZZ_SEED={}", seed());
    let mut random = StdRng::seed_from_u64(seed());
    for shape in Shape::ALL {
        let good = good(shape);
        let (mut undecodable, mut with_faults, mut without) = (0, 0, 0);
        for _ in 0..setting("SERASI_FUZZ_RUNS", 5_000) {
            let mut bytes = good.clone();
            mutate(&mut bytes, &mut random);
            match read(shape, &bytes, NOW) {
                Err(_) => undecodable += 1,
                Ok(faults) if faults.is_empty() => without += 1,
                Ok(_) => with_faults += 1,
            }
        }
        println!("{shape:?}: {undecodable} undecodable, {with_faults} with faults, {without} without");
        assert!(
            undecodable > 0 && with_faults > 0,
            "{shape:?}: the mutations do not reach the parser"
        );
    }
}

#[test]
fn no_change_of_a_good_token_is_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open_or_create(&folder.path().join("key")).unwrap();
    let request = TokenRequest {
        subject: "petugas-uji".to_owned(),
        roles: vec![Role::Coordinator],
        scope: "32.73".parse().unwrap(),
        facility: None,
        system: None,
        lives: Duration::hours(1),
    };
    let good = issuer.mint(&request, NOW, Uuid::nil()).unwrap();
    println!("SERASI_FUZZ_SEED={}", seed());
    let mut random = StdRng::seed_from_u64(seed());
    let verifier = issuer.verifier().unwrap();
    let verify = |token: &str| verifier.verify(Some(&format!("Bearer {token}")), None, NOW);
    assert!(verify(&good).is_ok());
    for _ in 0..setting("SERASI_FUZZ_RUNS", 5_000) {
        let mut bytes = good.clone().into_bytes();
        mutate(&mut bytes, &mut random);
        let token = String::from_utf8_lossy(&bytes);
        if token.trim() != good {
            assert!(verify(&token).is_err(), "{token}");
        }
    }
}
