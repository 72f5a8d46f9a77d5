use std::collections::HashSet;

use secrecy::{ExposeSecret as _, SecretString};

use super::{DataKey, MasterKey, Place, Ring, SealError, Sealer};
use crate::domain::data_key::Purpose;

const SECRET: &str = "sk-live-0123456789abcdef";

fn secret() -> SecretString {
    SECRET.into()
}

fn place() -> Place<'static> {
    Place::of_provider_key("row-1", "owner-1")
}

#[test]
fn what_is_sealed_opens_in_its_place() {
    let sealer = Sealer::generate().unwrap();
    for text in ["", "x", SECRET, &"ключ ".repeat(1000)] {
        let sealed = sealer.seal(place(), &text.into()).unwrap();
        assert_eq!(sealed.len(), 1 + 16 + 12 + text.len() + 16);
        assert_eq!(sealer.open(place(), &sealed).unwrap().expose_secret(), text);
        assert!(sealer.is_newest(&sealed));
    }
}

#[test]
fn a_sealed_secret_opens_in_no_other_place() {
    let sealer = Sealer::generate().unwrap();
    // The last rows are those that a careless joining of the names would take for one another.
    let names = ["row-1", "row-2", "row-11", "1", "", "r"];
    let mut places = Vec::new();
    for table in ["provider_keys", "provider_key", "provider_keyss"] {
        for id in names {
            places.extend(names.map(|owner| Place { table, id, owner }));
        }
    }
    for from in &places {
        let sealed = sealer.seal(*from, &secret()).unwrap();
        for to in &places {
            assert_eq!(sealer.open(*to, &sealed).is_ok(), from == to, "{from:?} opened as {to:?}");
        }
    }
}

#[test]
fn every_flipped_bit_fails_closed() {
    let sealer = Sealer::generate().unwrap();
    let sealed = sealer.seal(place(), &secret()).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = sealer.open(place(), &flipped).unwrap_err();
        match bit / 8 {
            0 => assert_eq!(error, SealError::UnknownFormat(flipped[0])),
            1..=16 => assert!(matches!(error, SealError::UnknownKey(_)), "bit {bit}: {error}"),
            _ => assert_eq!(error, SealError::Damaged, "bit {bit}"),
        }
    }
}

#[test]
fn what_is_cut_or_grown_fails_closed() {
    let sealer = Sealer::generate().unwrap();
    let sealed = sealer.seal(place(), &secret()).unwrap();
    for length in 0..sealed.len() {
        assert_eq!(sealer.open(place(), &sealed[..length]).unwrap_err(), SealError::Damaged, "{length} bytes");
    }
    for more in [&[0_u8][..], &[0; 16], &sealed] {
        assert_eq!(sealer.open(place(), &[&sealed, more].concat()).unwrap_err(), SealError::Damaged);
    }
}

#[test]
fn another_data_key_is_named_and_not_tried() {
    let (one, other) = (Sealer::generate().unwrap(), Sealer::generate().unwrap());
    let sealed = one.seal(place(), &secret()).unwrap();
    let id = one.ring().newest().id.to_string();
    assert_eq!(other.open(place(), &sealed).unwrap_err(), SealError::UnknownKey(id));
}

#[test]
fn nonces_never_repeat() {
    let sealer = Sealer::generate().unwrap();
    let nonces: HashSet<Vec<u8>> =
        (0..200_000).map(|_| sealer.seal(place(), &"x".into()).unwrap()[17..29].to_vec()).collect();
    assert_eq!(nonces.len(), 200_000);
}

#[test]
fn fingerprints_tell_equal_secrets_of_one_provider() {
    let sealer = Sealer::generate().unwrap();
    let print = |provider: &str, secret: &str| sealer.fingerprint(provider, &secret.into());
    assert_eq!(print("a", "key"), print("a", "key"));
    assert_eq!(print("a", "key").len(), 64);
    assert_ne!(print("a", "key"), print("a", "kez"));
    assert_ne!(print("a", "key"), print("b", "key"));
    assert_ne!(print("a", "key"), print("ak", "ey"));
    assert_ne!(print("a", "key"), Sealer::generate().unwrap().fingerprint("a", &"key".into()));
}

#[test]
fn older_data_keys_open_and_the_newest_seals() {
    let master = MasterKey::generate().unwrap();
    let first = Sealer::new(Ring::generate(5).unwrap());
    let sealed = first.seal(place(), &secret()).unwrap();
    let mut keys = copies(&master, &first.ring());
    keys.push(DataKey::generate(Purpose::Seal, 6).unwrap());
    let second = Sealer::new(Ring::new(keys).unwrap());

    assert_eq!(second.open(place(), &sealed).unwrap().expose_secret(), SECRET);
    assert!(!second.is_newest(&sealed));
    assert_eq!(second.fingerprint("a", &secret()), first.fingerprint("a", &secret()));
    let again = second.seal(place(), &secret()).unwrap();
    assert!(second.is_newest(&again));
    assert!(matches!(first.open(place(), &again), Err(SealError::UnknownKey(_))));
    first.replace(Ring::new(copies(&master, &second.ring())).unwrap());
    assert!(first.open(place(), &again).is_ok());
}

#[test]
fn a_ring_needs_both_purposes() {
    assert!(Ring::new(Vec::new()).is_none());
    for purpose in [Purpose::Seal, Purpose::Fingerprint] {
        assert!(Ring::new(vec![DataKey::generate(purpose, 0).unwrap()]).is_none());
    }
}

#[test]
fn only_its_master_key_opens_a_wrapped_key() {
    let (master, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let key = DataKey::generate(Purpose::Seal, 7).unwrap();
    let row = master.wrap(&key, 8).unwrap();
    assert_eq!(master.unwrap(&row).unwrap().secret, key.secret);
    assert_eq!(other.unwrap(&row).unwrap_err(), SealError::Damaged);

    let mut changed = vec![row.clone(); 4];
    changed[0].id = DataKey::generate(Purpose::Seal, 7).unwrap().id.to_string();
    changed[1].master_id = other.id().to_owned();
    changed[2].purpose = Purpose::Fingerprint;
    changed[3].created_ms += 1;
    for bit in 0..row.wrapped.len() * 8 {
        let mut flipped = row.clone();
        flipped.wrapped[bit / 8] ^= 1 << (bit % 8);
        changed.push(flipped);
    }
    changed.extend((0..row.wrapped.len()).map(|n| {
        let mut cut = row.clone();
        cut.wrapped.truncate(n);
        cut
    }));
    changed.iter().for_each(|row| assert_eq!(master.unwrap(row).unwrap_err(), SealError::Damaged, "{row:?}"));
}

#[test]
fn a_master_key_is_32_bytes_in_url_safe_base64() {
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let key = MasterKey::parse(text).unwrap();
    assert_eq!(*key.text(), format!("{text}="));
    for same in [format!("{text}="), format!(" {text}\n")] {
        assert_eq!(MasterKey::parse(&same).unwrap().id(), key.id(), "{same}");
    }
    for wrong in ["", "AAAA", "not base64 at all", &text[1..], &format!("{text}AAAA"), "+/".repeat(22).as_str()] {
        assert!(MasterKey::parse(wrong).is_none(), "{wrong}");
    }
    assert_ne!(MasterKey::generate().unwrap().id(), MasterKey::generate().unwrap().id());
}

#[test]
fn nothing_prints_a_secret() {
    let master = MasterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
    let key = DataKey::generate(Purpose::Seal, 0).unwrap();
    assert_eq!(format!("{master:?}"), format!("MasterKey({})", master.id()));
    assert_eq!(format!("{key:?}"), format!("DataKey({}, seal)", key.id));
    assert!(!master.id().contains("00010203"));
}

/// Copies a ring's keys the way the database does.
fn copies(master: &MasterKey, ring: &Ring) -> Vec<DataKey> {
    ring.all().map(|key| master.unwrap(&master.wrap(key, 0).unwrap()).unwrap()).collect()
}
