//! Imports: as a form, and as a body of several kinds.

use http::Request;
use prost::Message as _;
use serde_json::json;

use super::{ask_with, form, script};
use crate::{pb, test_support::Fake};

#[tokio::test]
async fn imports_come_in_many_coats() {
    const FORM: &str = "multipart/form-data; boundary=XX";
    let whole = form(&[
        ("name=\"provider\"", "xai"),
        ("name=\"file\"; filename=\"keys.txt\"", "a\r\nb"),
        ("name=\"dry_run\"", "true"),
    ]);
    for (query, kind, body, want) in [
        ("", FORM, &*whole, Ok(("a\r\nb", 0, "xai", true))),
        ("?format=lines", FORM, &*whole, Ok(("a\r\nb", 4, "xai", true))),
        ("?provider=google", "text/csv; charset=utf-8", "secret\na", Ok(("secret\na", 1, "google", false))),
        ("", "text/plain", "XAI_API_KEY=a", Ok(("XAI_API_KEY=a", 0, "", false))),
        ("?dry_run=1", "application/json", "[]", Ok(("[]", 3, "", true))),
        ("", FORM, &*form(&[("name=\"file\"", "s3cr3t"), ("name=\"colour\"", "red")]), Err((400, "colour"))),
        ("", FORM, &*form(&[("name=\"rows\"; filename=\"keys.csv\"", "s3cr3t")]), Err((400, "rows"))),
        ("", FORM, &*form(&[("name=\"provider\"", "xai")]), Err((400, "file"))),
        ("", FORM, "s3cr3t", Err((400, ""))),
        ("", "multipart/form-data", "x", Err((400, ""))),
        ("", "application/xml", "<a/>", Err((415, ""))),
        ("?colour=red", "text/plain", "a", Err((400, "colour"))),
    ] {
        let fake = Fake::default();
        let request = Request::post(format!("/api/v1/provider-keys/import{query}")).header("content-type", kind);
        let answer = ask_with(&fake, script, request, body).await;
        match want {
            Ok((content, format, provider, dry_run)) => {
                assert_eq!(answer.status, 200, "{kind}: {:?}", answer.body);
                let sent = pb::ImportProviderKeysRequest::decode(fake.last().message).unwrap();
                assert_eq!((&*sent.content, sent.format), (content.as_bytes(), format), "{kind} {query}");
                assert_eq!((&*sent.default_provider, sent.dry_run), (provider, dry_run), "{kind} {query}");
                assert_eq!(answer.json()["rows"][0]["verdict"], "duplicate");
                assert_eq!(
                    (&answer.json()["duplicate_count"], &answer.json()["created_count"]),
                    (&json!(1), &json!(0))
                );
            }
            Err((status, param)) => {
                assert_eq!(answer.status, status, "{kind}: {:?}", answer.body);
                assert_eq!(answer.json()["param"].as_str().unwrap_or_default(), param, "{:?}", answer.body);
                assert!(!String::from_utf8_lossy(&answer.body).contains("s3cr3t"));
                assert!(fake.asked().is_empty());
            }
        }
    }
}
