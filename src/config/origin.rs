//! Origins of web pages, as browsers name them. One source for both programs, which read the same setting.

use http::Uri;

/// Reads `*`, or a comma list of `scheme://host[:port]`.
pub fn origins(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(origin).collect()
}

/// Writes an origin the way browsers do, or it would never be met: in small letters, without the port that goes without
/// saying.
fn origin(text: &str) -> Result<String, String> {
    let origin = text.trim_end_matches('/').to_ascii_lowercase();
    if origin == "*" {
        return Ok(origin);
    }
    let uri: Option<Uri> = origin.parse().ok();
    uri.and_then(|uri| normal(&uri))
        .ok_or_else(|| format!("`{text}` is no origin; write one such as https://app.example.com, without a path"))
}

fn normal(uri: &Uri) -> Option<String> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let is_bare = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains(['@', '*']);
    let port = match (authority.port_u16(), scheme) {
        (None, _) if authority.as_str() != authority.host() => return None,
        (None, _) | (Some(80), "http") | (Some(443), "https") => String::new(),
        (Some(port), _) => format!(":{port}"),
    };
    is_bare.then(|| format!("{scheme}://{}{port}", authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (text, expected) in [
            ("*", "*"),
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com/", "https://app.example.com"),
            (" https://a.example:443 ,, http://b.example:80,", "https://a.example http://b.example"),
            ("http://a.example:443,https://b.example:8443", "http://a.example:443 https://b.example:8443"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(origins(text).unwrap().join(" "), expected, "{text}");
        }
        for wrong in [
            "app.example.com",
            "null",
            "https://a.example/path",
            "https://a.example?x",
            "https://me@a.example",
            "https://*.example",
            "https://a.example:99999",
            "https://a.example:",
            "https://a.example https://b.example",
        ] {
            assert!(origins(wrong).unwrap_err().contains("no origin"), "{wrong}");
        }
    }
}
