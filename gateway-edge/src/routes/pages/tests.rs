use super::*;
use crate::{EdgeSettings, router, test_support::Fake};
use tower::ServiceExt as _;

async fn get(method: &str, path: &str) -> (u16, String) {
    let router = router(Fake::default().transport(|_| vec![]), EdgeSettings::default());
    let request = http::Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let location = response.headers().get("location").map_or("", |value| value.to_str().unwrap());
    (response.status().as_u16(), location.to_owned())
}

#[tokio::test]
async fn a_page_has_one_address_so_that_what_it_loads_stands_beside_it() {
    for (method, path, status, location) in [
        ("GET", "/docs", 200, ""),
        ("GET", "//docs", 200, ""),
        ("GET", "/docs/", 308, "../docs"),
        ("HEAD", "/docs/", 308, "../docs"),
        ("GET", "/docs//", 308, "../../docs"),
        ("GET", "/redoc/", 308, "../redoc"),
        ("POST", "/docs/", 405, ""),
        ("GET", "/docs/swagger.js/", 200, ""),
        ("GET", "/openapi.json/", 200, ""),
    ] {
        assert_eq!(get(method, path).await, (status, location.to_owned()), "{method} {path}");
    }
}

/// A proxy may put a path before all of ours.
#[test]
fn pages_name_no_address_from_the_root() {
    for page in [
        include_str!("../../../assets/pages/docs.html"),
        include_str!("../../../assets/pages/redoc.html"),
        include_str!("../../../assets/pages/swagger.js"),
    ] {
        assert!(!page.contains("\"/"), "{page}");
    }
}
