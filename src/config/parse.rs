//! From text to typed values. Errors say what to write; the place is added by whoever knows it.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// `127.0.0.1:50051`, `[::1]:50051` or `localhost:50051`.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric.parse().map_err(|_| format!("`{text}` is no address; write one such as 127.0.0.1:6161 or 0.0.0.0:6161"))
}

/// A whole number of at least `least`.
pub fn count(text: &str, least: usize) -> Result<usize, String> {
    match text.trim().replace('_', "").parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("`{text}` is no whole number of at least {least}")),
    }
}

/// `33554432`, `512KiB`, `32MiB`, `1GiB`. At most what a gRPC frame can say.
pub fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size; write bytes or a size such as 512KiB or 32MiB, up to 4095MiB");
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.replace('_', "").parse().map_err(|_| wrong())?;
    let size =
        number.checked_mul(factor).filter(|size| (1024..=u64::from(u32::MAX)).contains(size)).ok_or_else(wrong)?;
    usize::try_from(size).map_err(|_| wrong())
}

/// Seconds, more than zero; a fraction is allowed.
pub fn seconds(text: &str) -> Result<Duration, String> {
    seconds_or_zero(text).and_then(|duration| {
        if duration.is_zero() { Err("it must be more than 0 seconds".to_owned()) } else { Ok(duration) }
    })
}

pub fn seconds_or_zero(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 86_400.0;
    match text.trim().parse::<f64>() {
        Ok(seconds) if (0.0..=DAY).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("`{text}` is no number of seconds between 0 and 86400; write 30 or 0.5, without a unit")),
    }
}

pub fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither true nor false")),
    }
}

/// Which addresses of providers are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    LoopbackOnly,
    Anywhere,
}

/// The address of a provider, without a slash at its end. The text is not repeated: it may hold a key.
pub fn upstream_url(text: &str, plain: PlainHttp) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|_| "it is no URL; write https://host/path".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("it is no full URL; write https://host/path".into());
    };
    if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
        return Err("a base URL holds no user, password, query or fragment; keys have settings of their own".into());
    }
    match scheme {
        "https" => {}
        "http" if plain == PlainHttp::Anywhere || is_loopback(authority.host()) => {}
        "http" => {
            return Err("plain http is allowed for this machine only; use https, or set \
                        AIGW_ALLOW_INSECURE_UPSTREAMS=true to send keys and prompts readable"
                .into());
        }
        _ => return Err("it begins with neither https:// nor http://".into()),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A comma list of hosts: `example.com`, `*.example.com`, either with a port, or `*` alone for all.
pub fn hosts(text: &str) -> Result<Vec<String>, String> {
    let host = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        let (name, port) = text.rsplit_once(':').unwrap_or((&text, "443"));
        let name = name.strip_prefix("*.").unwrap_or(name);
        let label =
            |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let well_formed = name.contains('.') && name.split('.').all(label) && port.parse::<u16>().is_ok_and(|p| p > 0);
        if text == "*" || well_formed {
            Ok(text)
        } else {
            Err(format!("`{text}` is no host; write one such as example.com, *.example.com, or * for all"))
        }
    };
    text.split(',').filter(|t| !t.trim().is_empty()).map(host).collect()
}

/// One word of a list.
pub fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("`{text}` is not one of {}", words.join(", "))
    })
}
