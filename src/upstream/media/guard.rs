//! Decides which addresses the gateway may fetch. Pure: texts and addresses in, a verdict out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Hosts that may be asked, as the operator lists them. Their addresses must be public all the same.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowList {
    any: bool,
    rules: Vec<Rule>,
}

/// `example.com`, `*.example.com` or either with a port.
#[derive(Clone, Debug)]
struct Rule {
    host: String,
    below: bool,
    port: u16,
}

/// Names of machines and networks that only look public, at the end of a host's name.
const PRIVATE_NAMES: [&str; 14] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "onion",
    "test",
    "invalid",
    "metadata",
];

impl AllowList {
    /// Reads entries that the settings have checked; `*` means any public host.
    pub(super) fn new(entries: &[String]) -> Self {
        let rule = |entry: &String| {
            let entry = entry.to_ascii_lowercase();
            let (name, port) = match entry.rsplit_once(':').map(|(name, port)| (name, port.parse())) {
                Some((name, Ok(port))) => (name, port),
                Some((_, Err(_))) | None => (entry.as_str(), HTTPS),
            };
            let (host, below) = name.strip_prefix("*.").map_or((name, false), |rest| (rest, true));
            Rule { host: host.to_owned(), below, port }
        };
        let any = entries.iter().any(|entry| entry == "*");
        Self { any, rules: entries.iter().filter(|entry| *entry != "*").map(rule).collect() }
    }

    fn has(&self, host: &str, port: u16) -> bool {
        let matches = |rule: &Rule| {
            let name = if rule.below {
                host.strip_suffix(&rule.host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            } else {
                host == rule.host
            };
            name && rule.port == port
        };
        (self.any && port == HTTPS) || self.rules.iter().any(matches)
    }
}

const HTTPS: u16 = 443;

/// Returns the address to connect to, or nothing when it may not be fetched. What is returned is what was checked:
/// nobody parses the text a second time.
pub(super) fn check(text: &str, allowed: &AllowList) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    if url.scheme() != "https" || !is_plain(text, &url) {
        return None;
    }
    let host = url.host_str()?;
    let public = match url.domain() {
        Some(name) => is_public_name(name),
        None => host.trim_matches(['[', ']']).parse().is_ok_and(is_public),
    };
    (public && allowed.has(host, url.port().unwrap_or(HTTPS))).then_some(url)
}

/// Whether the text names its host exactly as the parser understands it. That leaves out user names, backslashes,
/// control characters, numbers that are addresses, escapes and look-alike letters, without a list of them.
fn is_plain(text: &str, url: &Url) -> bool {
    const SCHEME: &str = "https://";
    let Some(rest) = text.get(..SCHEME.len()).filter(|s| s.eq_ignore_ascii_case(SCHEME)).and(text.get(SCHEME.len()..))
    else {
        return false;
    };
    let typed = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let typed = typed.strip_suffix(":443").unwrap_or(&typed);
    let meant = url.port().map_or_else(
        || url.host_str().unwrap_or_default().to_owned(),
        |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
    );
    typed == meant && text.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}

fn is_public_name(name: &str) -> bool {
    let well_formed = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(inner)
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // No public top-level domain begins with a digit; some readers of numbers do.
    let public = last.starts_with(|c: char| c.is_ascii_alphabetic()) && !PRIVATE_NAMES.contains(&last);
    public && name.len() <= 253 && name.contains('.') && name.split('.').all(well_formed)
}

/// Whether an address belongs to the public internet. Addresses that carry another one inside are refused whatever
/// they carry: no public host needs them.
pub(in crate::upstream) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let private = match address.octets() {
        [0 | 10 | 127 | 240..=255, ..]     // this network, private, loopback, reserved and broadcast
        | [100, 64..=127, ..]              // carrier-grade NAT
        | [169, 254, ..]                   // link-local, with the metadata service of clouds
        | [172, 16..=31, ..]               // private
        | [192, 0, 0, _]                   // protocol assignments
        | [192, 0, 2, _]                   // documentation
        | [192, 31, 196, _]                // AS112
        | [192, 52, 193, _]                // AMT
        | [192, 88, 99, _]                 // 6to4 relays
        | [192, 168, ..]                   // private
        | [192, 175, 48, _]                // AS112
        | [198, 18 | 19, ..]               // benchmarks
        | [198, 51, 100, _]                // documentation
        | [203, 0, 113, _]                 // documentation
        | [168, 63, 129, 16]               // a cloud's own service
        | [224..=239, ..] => true,         // multicast
        _ => false,
    };
    !private
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out. That leaves out loopback, unspecified, v4-mapped and -compatible, NAT64, unique
    // local, link-local, site-local and multicast addresses.
    let private = match address.segments() {
        [0x2001, 0x0000..=0x01ff, ..]      // protocol assignments: Teredo, benchmarks, ORCHID
        | [0x2001, 0x0db8, ..]             // documentation
        | [0x2002, ..]                     // 6to4
        | [0x2620, 0x004f, 0x8000, ..]     // AS112
        | [0x3ffe, ..]                     // the former 6bone
        | [0x3fff, 0x0000..=0x0fff, ..] => true, // documentation
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !private
}

#[cfg(test)]
mod tests;
