//! The address of a service as it was given: where to look it up, and what calls name it.

use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// One `--gateway-url`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub scheme: Scheme,
    /// Host and port as calls name them; a mesh routes by it.
    pub authority: Authority,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
}

impl Target {
    /// Reads `http://host:port` or `https://host:port`. Says what is wrong without repeating the text.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "write an address such as http://127.0.0.1:50051 or https://gateway.example:443";
        let uri: Uri = url.trim().parse().map_err(|_| SHAPE)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return Err(SHAPE) };
        if authority.as_str().contains('@') {
            return Err("leave user name and password out; callers log in with their own keys");
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err("leave the path out; gRPC knows only host and port");
        }
        let port = match (scheme.as_str(), authority.port_u16()) {
            ("http" | "https", Some(port)) => port,
            // Not a number, or too large a one.
            (_, None) if authority.as_str() != authority.host() => return Err(SHAPE),
            ("http", None) => 80,
            ("https", None) => 443,
            _ => return Err("begin the address with http:// or https://"),
        };
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        Ok(Self { scheme: scheme.clone(), authority: authority.clone(), host, port })
    }

    /// Returns the address of a call: ours, with the path of `uri`.
    pub fn uri(&self, uri: &Uri) -> Uri {
        let mut parts = uri.clone().into_parts();
        (parts.scheme, parts.authority) = (Some(self.scheme.clone()), Some(self.authority.clone()));
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }

    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        for (url, host, port) in [
            ("http://127.0.0.1:50051", "127.0.0.1", 50051),
            (" https://gateway.example ", "gateway.example", 443),
            ("http://gateway/", "gateway", 80),
            ("http://[::1]:50051", "::1", 50051),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((&*target.host, target.port), (host, port), "{url}");
        }
        for url in [
            "",
            "gateway:50051",
            "not a url",
            "ftp://x:1",
            "http://a:b@x:1",
            "http://x:1/path",
            "http://x:1?y",
            "http://x:70000",
            "http://x:",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
