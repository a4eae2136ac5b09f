use serasi_domain::id::CaseId;
use uuid::Uuid;

use super::cache::DataKey;
use super::*;

const PERSON: Uuid = Uuid::from_u128(7);

fn home() -> Regency {
    let case: CaseId = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
    case.home()
}

fn cell() -> Cell {
    Cell {
        table: "persons",
        column: "content",
        row: PERSON,
        home: home(),
        subject: PERSON,
        class: DataClass::Identity,
    }
}

/// A sealer whose old key is of `byte`, with data keys in memory.
fn sealer(byte: u8) -> Sealer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{byte:02x}").repeat(32)).unwrap();
    let file = KeyFile::read(&path).unwrap();
    let sealer = Sealer::new(vec![], IndexKeys::from(&file), Some(&file));
    load(&sealer, byte);
    sealer
}

/// Another data key takes the place of the one in memory.
fn load(sealer: &Sealer, byte: u8) {
    let key = DataKey {
        id: Uuid::from_u128(byte.into()),
        home: home(),
        class: DataClass::Identity,
        is_active: true,
        secret: Secret::from_slice(&[byte; 32]).unwrap(),
    };
    sealer.0.cache.replace(home(), vec![key]);
}

fn kept(new: &NewKey) -> KeptKey {
    KeptKey {
        key_id: new.key.id(),
        data_key_id: Some(new.data_key_id),
        wrapped: Some(new.wrapped.clone()),
    }
}

#[test]
fn sealed_bytes_open_only_where_they_belong_and_only_unaltered() {
    let sealer = sealer(1);
    let new = sealer.new_key(home(), PERSON, DataClass::Identity).unwrap();
    let bytes = sealer.seal(cell(), &new.key, &"3273014107900001");
    assert!(!bytes.windows(4).any(|window| window == b"3273"));
    let open = |cell: Cell, bytes: &[u8]| sealer.open::<String>(cell, Some(&kept(&new)), bytes);
    assert_eq!(
        open(cell(), &bytes).unwrap(),
        Kept::There("3273014107900001".to_owned())
    );
    for elsewhere in [
        Cell {
            row: Uuid::nil(),
            ..cell()
        },
        Cell {
            column: "contact",
            ..cell()
        },
        Cell {
            table: "cases",
            ..cell()
        },
        // A key of one subject or class is no key of another.
        Cell {
            subject: Uuid::nil(),
            ..cell()
        },
        Cell {
            class: DataClass::Contact,
            ..cell()
        },
    ] {
        assert!(open(elsewhere, &bytes).is_err());
    }
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(open(cell(), &altered).is_err());
    assert!(open(cell(), &bytes[..20]).is_err());
    let mut other_key = bytes;
    other_key[3] ^= 1;
    assert!(open(cell(), &other_key).is_err());
}

#[test]
fn the_same_text_never_seals_to_the_same_bytes() {
    let sealer = sealer(1);
    let new = sealer.new_key(home(), PERSON, DataClass::Identity).unwrap();
    assert_ne!(
        sealer.seal(cell(), &new.key, &"a"),
        sealer.seal(cell(), &new.key, &"a")
    );
}

#[test]
fn without_its_key_nothing_opens_and_a_destroyed_key_means_erased() {
    let sealer = sealer(1);
    let new = sealer.new_key(home(), PERSON, DataClass::Identity).unwrap();
    let bytes = sealer.seal(cell(), &new.key, &"a");
    assert!(sealer.open::<String>(cell(), None, &bytes).is_err());
    let destroyed = KeptKey {
        data_key_id: None,
        wrapped: None,
        ..kept(&new)
    };
    assert_eq!(
        sealer.open::<String>(cell(), Some(&destroyed), &bytes).unwrap(),
        Kept::Erased
    );
    assert_eq!(sealer.open::<String>(cell(), None, &[]).unwrap(), Kept::Erased);
}

#[test]
fn a_data_key_that_is_not_in_memory_is_asked_for() {
    let sealer = sealer(1);
    let new = sealer.new_key(home(), PERSON, DataClass::Identity).unwrap();
    let bytes = sealer.seal(cell(), &new.key, &"a");
    load(&sealer, 2);
    let missing = sealer.open::<String>(cell(), Some(&kept(&new)), &bytes);
    assert!(matches!(missing, Err(StoreError::KeyNeeded(region)) if region == home()));
    let contact = sealer.new_key(home(), PERSON, DataClass::Contact);
    assert!(matches!(contact, Err(StoreError::KeyNeeded(_))));
}

#[test]
fn what_the_first_release_sealed_opens_with_its_one_key_only() {
    let sealer = sealer(9);
    let old = Secret::from_slice(&[9; 32]).unwrap();
    let mut bytes = vec![OLD_LAYOUT];
    let context = format!("persons|content|{PERSON}");
    bytes.extend(old.seal(&sealer.0.random, &context, b"\"Siti\"".to_vec()));
    assert_eq!(
        sealer.open::<String>(cell(), None, &bytes).unwrap(),
        Kept::There("Siti".to_owned())
    );
    let other = self::sealer(8);
    assert!(other.open::<String>(cell(), None, &bytes).is_err());
}

#[test]
fn keys_do_not_show() {
    let sealer = sealer(171);
    let secret = Secret::from_slice(&[171; 32]).unwrap();
    let shown = format!("{sealer:?} {secret:?} {:?}", sealer.index());
    assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
}
