//! Every route of the REST face with every kind of key.

use ai_model_gateway::domain::scope::Scope;
use http::{Method, StatusCode};

use super::world::{REQUEST_ID, World};

/// Every route of the REST face that needs a key, with what it needs. A route without a row fails a test below. The
/// bodies are well-formed: the REST face reads them before it asks the gateway.
const ROUTES: &[(Method, &str, &str, Scope)] = &[
    (Method::GET, "/v1/models", "", Scope::Models),
    (Method::GET, "/v1/models/sandbox/echo", "", Scope::Models),
    (Method::POST, "/v1/chat/completions", CHAT, Scope::Models),
    (Method::POST, "/v1/completions", r#"{"model":"sandbox/echo","prompt":"hi"}"#, Scope::Models),
    (Method::POST, "/v1/responses", r#"{"model":"sandbox/echo","input":"hi"}"#, Scope::Models),
    (Method::POST, "/v1/embeddings", r#"{"model":"sandbox/embed","input":"hi"}"#, Scope::Models),
    (Method::POST, "/api/v1/chat/generate-text", r#"{"message":"hi","model":"sandbox/echo"}"#, Scope::Models),
    (Method::POST, "/api/v1/vision/extract-text", FORM, Scope::Models),
    (Method::GET, "/api/v1/keys", "", Scope::Keys),
    (Method::POST, "/api/v1/keys", r#"{"name":"x"}"#, Scope::Keys),
    (Method::GET, "/api/v1/keys/none", "", Scope::Keys),
    (Method::PATCH, "/api/v1/keys/none", r#"{"name":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/keys/none", "", Scope::Keys),
    (Method::GET, "/api/v1/provider-keys", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys", r#"{"provider":"none","secret":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/provider-keys?provider=none", "", Scope::Keys),
    (Method::GET, "/api/v1/provider-keys/none", "", Scope::Keys),
    (Method::PATCH, "/api/v1/provider-keys/none", r#"{"name":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/provider-keys/none", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/select", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/unselect", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/test", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/test", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/import", r#"[{"provider":"none","key":"x"}]"#, Scope::Keys),
    (Method::GET, "/api/v1/provider-keys/watch", "", Scope::Keys),
    (Method::GET, "/api/v1/activity-logs", "", Scope::Activity),
    (Method::GET, "/api/v1/activity-logs/watch", "", Scope::Activity),
    (Method::GET, "/api/v1/usage", "", Scope::Activity),
];
const CHAT: &str = r#"{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}]}"#;
/// A form with no more than its beginning of a picture: nobody is asked to read it.
const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n\
                    \u{7f}PNG\r\n--x--\r\n";

/// Routes that anybody may use.
const OPEN: &[&str] = &[
    "/api/v1/health",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/swagger.js",
    "/redoc",
    "/proto",
    "/proto/aigateway/v1/chat_service.proto",
    "/proto.tar.gz",
];

impl World {
    async fn rest(&self, (method, path, body): (&Method, &str, &str), header: Option<&str>) -> (StatusCode, Vec<u8>) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}{path}", self.gateway.edge);
        let mut request = client.request(method.clone(), url).header("x-request-id", REQUEST_ID);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        if !body.is_empty() {
            let kind = if body == FORM { "multipart/form-data; boundary=x" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        // A watch that was let in has no end.
        let body = if status.is_success() { Vec::new() } else { response.bytes().await.unwrap().to_vec() };
        (status, body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_every_kind_of_key() {
    let world = World::new().await;
    let mut cells = 0;
    let openai = world.rest((&Method::GET, "/v1/models", ""), None).await;
    let own = world.rest((&Method::GET, "/api/v1/keys", ""), None).await;
    assert_eq!([openai.0, own.0], [StatusCode::UNAUTHORIZED; 2]);
    for (method, path, body, scope) in ROUTES {
        for (case, header) in &world.bad {
            let answer = world.rest((method, path, body), header.as_deref()).await;
            let wanted = if path.starts_with("/api/") { &own } else { &openai };
            assert_eq!(&answer, wanted, "{method} {path} with a key that is bad: {case}");
            cells += 1;
        }
        for (name, (key, scopes)) in &world.good {
            let (status, body) = world.rest((method, path, body), Some(&format!("Bearer {key}"))).await;
            let case = format!("{method} {path} with {name}: {status} {}", String::from_utf8_lossy(&body));
            if scopes.has(*scope) {
                assert!(!matches!(status.as_u16(), 401 | 403), "{case}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{case}");
                assert!(String::from_utf8_lossy(&body).contains(scope.name()), "{case}");
            }
            cells += 1;
        }
    }
    for path in OPEN {
        let (status, _) = world.rest((&Method::GET, path, ""), None).await;
        assert_eq!(status, StatusCode::OK, "{path} is open");
    }
    println!("{} routes, {cells} cells, {} open routes", ROUTES.len(), OPEN.len());
    world.gateway.stop().await;
}

/// Every operation of the document, which has all routes, with the key that it says it needs.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_matrix() {
    let world = World::new().await;
    let url = format!("http://{}/openapi.json", world.gateway.edge);
    let text =
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap().text().await.unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (mut missing, mut found) = (Vec::new(), 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_row = |row: &str| fits(route, row.split('?').next().unwrap());
            let is_tested = if operation["security"] == serde_json::json!([]) {
                OPEN.iter().any(|row| is_row(row))
            } else {
                ROUTES.iter().any(|(known, row, ..)| known.as_str().eq_ignore_ascii_case(method) && is_row(row))
            };
            found += 1;
            if !is_tested {
                missing.push(format!("{method} {route}"));
            }
        }
    }
    assert!(found > 35, "{found} operations");
    assert!(missing.is_empty(), "routes without a row in ROUTES or OPEN: {missing:?}");
    world.gateway.stop().await;
}

/// Whether a path is one of a route, such as `/keys/{id}`. Ids of models and names of files have slashes of their own.
fn fits(route: &str, path: &str) -> bool {
    let mut path = path.split('/');
    for part in route.split('/') {
        match path.next() {
            // The rest of a path may have slashes: names of models and of files.
            Some(_) if ["/v1/models/{id}", "/proto/{file}"].contains(&route) && part.starts_with('{') => return true,
            Some(given) if part.starts_with('{') || part == given => {}
            Some(_) | None => return false,
        }
    }
    path.next().is_none()
}
