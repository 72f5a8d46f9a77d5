//! What is wrong with a request is told by the field it is about.

use std::collections::HashMap;

use ai_model_gateway::pb::{self, ProviderKey};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Scene, delete, get, new, select, unselect, update};

/// The field an error is about.
pub fn field(status: &Status) -> String {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.first().map(|violation| violation.field.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_its_field() {
    let scene = Scene::on_sqlite().await;
    // An accent of its own and a backslash, which an escaping text would change.
    let first = "thu\u{301} \\";
    let key = scene.create(first, "xai-secret-0001").await;
    let long = |n: usize| "x".repeat(n);
    let with = |change: &dyn Fn(&mut ProviderKey)| {
        let mut request = new("xai", "n", "xai-secret-0002");
        change(request.provider_key.as_mut().unwrap());
        request
    };
    let none = pb::CreateProviderKeyRequest { provider_key: None, secret: "s".into() };
    let parameters = HashMap::from([("nothing".to_owned(), "x".to_owned())]);
    for (wanted, request) in [
        ("provider_key", none),
        ("provider_key.provider", new("", "n", "s")),
        ("provider_key.provider", new("nobody", "n", "s")),
        ("provider_key.provider", new("sandbox", "n", "s")),
        ("provider_key.name", new("xai", &long(101), "s")),
        ("provider_key.name", new("xai", "two\nlines", "s")),
        ("secret", new("xai", "n", " \n")),
        ("secret", new("xai", "n", "two words")),
        ("secret", new("xai", "n", "schlüssel")),
        ("secret", new("xai", "n", &long(4097))),
        ("provider_key.quota_owner", with(&|key| key.quota_owner = long(101))),
        ("provider_key.parameters", with(&|key| key.parameters.clone_from(&parameters))),
    ] {
        let text = format!("{:?}", request.provider_key);
        let status = scene.call(request).await.unwrap_err();
        assert_eq!((status.code(), field(&status).as_str()), (Code::InvalidArgument, wanted), "{text}: {status}");
        assert!(!status.message().contains("schl") && !status.message().contains("words"), "{status}");
    }
    let again = scene.call(new("xai", "again", "xai-secret-0001")).await.unwrap_err();
    assert_eq!((again.code(), field(&again).as_str()), (Code::AlreadyExists, "secret"));
    assert!(again.message().contains(&format!(r#""{first}""#)) && again.message().contains(&key.id), "{again}");

    let change = |change: &dyn Fn(&mut ProviderKey)| {
        let mut key = key.clone();
        change(&mut key);
        key
    };
    let other = scene.create("other", "xai-secret-0003").await;
    for (wanted, request) in [
        ("provider_key", pb::UpdateProviderKeyRequest { provider_key: None, ..update(&key, &["name"], "") }),
        ("provider_key.id", update(&change(&|key| key.id.clear()), &["name"], "")),
        ("update_mask", update(&key, &[], "")),
        ("update_mask", update(&key, &["provider"], "")),
        ("update_mask", pb::UpdateProviderKeyRequest { update_mask: None, ..update(&key, &[], "") }),
        ("provider_key.name", update(&change(&|key| key.name.clear()), &["name"], "")),
        ("provider_key.active", update(&change(&|key| key.active = None), &["active"], "")),
        (
            "provider_key.parameters",
            update(&change(&|key| key.parameters.clone_from(&parameters)), &["parameters"], ""),
        ),
        ("secret", update(&key, &["secret"], "")),
        ("secret", update(&key, &["name"], "unasked")),
    ] {
        let text = format!("{request:?}");
        let status = scene.call(request).await.unwrap_err();
        assert_eq!((status.code(), field(&status).as_str()), (Code::InvalidArgument, wanted), "{text}: {status}");
    }
    let taken = scene.call(update(&key, &["secret"], "xai-secret-0003")).await.unwrap_err();
    assert_eq!((taken.code(), taken.message().contains(&other.id)), (Code::AlreadyExists, true), "{taken}");
    assert_eq!(scene.call(get(&key.id)).await.unwrap(), key, "no error changed anything");

    for status in [
        scene.call(get("")).await.unwrap_err(),
        scene.call(select("")).await.unwrap_err(),
        scene.call(unselect("")).await.unwrap_err(),
        scene.call(delete("")).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), field(&status).as_str()), (Code::InvalidArgument, "id"), "{status}");
    }
    for provider in ["", "nobody"] {
        let status = scene.call(pb::DeleteProviderKeysRequest { provider: provider.into() }).await.unwrap_err();
        assert_eq!((status.code(), field(&status).as_str()), (Code::InvalidArgument, "provider"), "{status}");
    }
    let list = pb::ListProviderKeysRequest::default;
    for (wanted, request) in [
        ("page_token", pb::ListProviderKeysRequest { page_token: "made up".into(), ..list() }),
        ("states", pb::ListProviderKeysRequest { states: vec![0], ..list() }),
        ("states", pb::ListProviderKeysRequest { states: vec![99], ..list() }),
        ("text", pb::ListProviderKeysRequest { text: long(65), ..list() }),
    ] {
        let status = scene.call(request).await.unwrap_err();
        assert_eq!((status.code(), field(&status).as_str()), (Code::InvalidArgument, wanted), "{status}");
    }
    scene.gateway.stop().await;
}
