//! How rows are judged, without a database.

use secrecy::ExposeSecret as _;

use super::{super::judge::Judge, *};
use crate::{
    admin::provider_keys::{NewKey, hint},
    domain::{error::Error, health::Health, key::StoredKey},
    storage::SealedKey,
};

/// A secret that looks like one.
const SECRET: &str = "xai-0123456789abcdefghijklmnopqrstuvwxyz";

fn stored(provider: &str, id: &str, secret: &str) -> StoredKey {
    StoredKey {
        id: id.to_owned(),
        user_id: "u".to_owned(),
        provider: provider.to_owned(),
        name: format!("my {id}"),
        active: true,
        selected: false,
        health: Health::default(),
        quota_owner: String::new(),
        hint: hint(&secret.into()),
        fingerprint: secret.to_owned(),
        parameters: BTreeMap::new(),
        secret_version: 1,
        created_ms: 0,
        updated_ms: 0,
        last_used_ms: None,
    }
}

/// Seals nothing, and takes the secret for its fingerprint.
fn prepare(new: NewKey) -> crate::domain::error::Result<SealedKey> {
    kinds().get(&new.provider, "provider")?.check_parameters(&new.parameters, "parameters")?;
    let secret = new.secret.expose_secret();
    if secret.is_empty() || secret.contains(' ') {
        return Err(Error::invalid("secret", "secret is required: the key as the provider issued it"));
    }
    let id = format!("id-{secret}");
    let key = stored(&new.provider, &id, secret);
    Ok(SealedKey { stored: StoredKey { name: new.name, ..key }, secret: Vec::new() })
}

fn judged(default_provider: &str, text: &str) -> Vec<RowResult> {
    let kinds = kinds();
    let known = vec![stored("xai", "old", "stored")];
    let mut judge = Judge::new(&kinds, default_provider, known, prepare);
    let rows = parse(text.as_bytes(), None, &kinds).unwrap();
    rows.into_iter().map(|row| judge.judge(row).result).collect()
}

#[test]
fn every_row_has_its_verdict() {
    const CSV: &str = "provider,secret,name\n";
    for (name, default, text, verdict, provider, id, message) in [
        ("fit", "", "xai,k1,n".to_owned(), Verdict::Created, "xai", "id-k1", ""),
        ("upper case", "", "XAI,k1,n".to_owned(), Verdict::Created, "xai", "id-k1", ""),
        ("by default", "google", ",k1,n".to_owned(), Verdict::Created, "google", "id-k1", ""),
        ("stored", "", "xai,stored,".to_owned(), Verdict::Duplicate, "xai", "old", "is stored already, as \"my old\""),
        ("of another", "", "google,stored,".to_owned(), Verdict::Created, "google", "id-stored", ""),
        ("repeated", "", "xai,k,\nxai,k,".to_owned(), Verdict::Duplicate, "xai", "id-k", "stands in line 2"),
        ("unknown", "", "openai,k,".to_owned(), Verdict::UnknownProvider, "openai", "", "knows no such provider"),
        ("unnamed", "", ",k,".to_owned(), Verdict::UnknownProvider, "", "", "names no provider"),
        ("no secret", "", "xai,,n".to_owned(), Verdict::BadFormat, "xai", "", "Secret is required"),
        ("unreadable", "", "xai,\"k,".to_owned(), Verdict::BadFormat, "", "", "A quotation mark"),
        ("swapped", "", format!("{SECRET},xai,"), Verdict::UnknownProvider, "", "", "change places"),
        (
            "a short one, swapped",
            "",
            "xai-k-0123456789,Google,".to_owned(),
            Verdict::UnknownProvider,
            "",
            "",
            "change places",
        ),
        ("mistaken", "", format!("{SECRET},k,"), Verdict::UnknownProvider, "", "", "there are google, sber, xai"),
        ("swapped too", "", format!("xai,my key,{SECRET}"), Verdict::BadFormat, "xai", "", "Secret is required"),
    ] {
        let result = judged(default, &format!("{CSV}{text}")).pop().unwrap();
        assert_eq!((result.verdict, &*result.provider, &*result.key_id), (verdict, provider, id), "{name}");
        assert!(result.message.contains(message) && result.message.is_empty() == message.is_empty(), "{result:?}");
        assert!(!format!("{result:?}").contains(&SECRET[..20]), "{name}: {result:?}");
        if verdict != Verdict::Created {
            assert!(result.message.ends_with('.') && !result.message.contains('\n'), "{result:?}");
        }
    }
}

#[test]
fn variables_and_parameters_are_judged() {
    let results = judged("", "XAI_API_KEY=k1\nDATABASE_URL=postgres://u:s3cret@h/d\n");
    assert_eq!(results[0].verdict, Verdict::Created);
    assert_eq!((results[1].verdict, &*results[1].provider), (Verdict::UnknownProvider, "DATABASE_URL"));
    assert_eq!(results[1].hint, "", "what is no key has no hint");
    let json = r#"[{"provider":"sber","secret":"k1","parameters":{"scope":"TWO"}},
        {"provider":"sber","secret":"k2","parameters":{"scope":"x"}},
        {"provider":"xai","secret":"k3","parameters":{"scope":"ONE"}}]"#;
    let results = judged("", json);
    assert_eq!(results.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(results[0].verdict, Verdict::Created);
    assert_eq!(results[1].message, "`scope` must be one of ONE, TWO.");
    assert_eq!(results[2].message, "Keys of this provider take no parameters; leave them out.");
}
