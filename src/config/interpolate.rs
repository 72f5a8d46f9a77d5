//! `${VAR}`, `${VAR:-default}` and `${file:/path}` in the YAML file. `$$` is a dollar sign.

use std::path::Path;

/// Fills in every reference. The error says which reference is wrong and never what others hold.
pub fn interpolate<'a>(text: &str, lookup: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let Some((reference, after)) = after.split_once('}') else {
                return Err("`${` without `}`; write `$$` for a dollar sign".into());
            };
            out.push_str(&resolve(reference, &lookup)?);
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve<'a>(reference: &str, lookup: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    if let Some(path) = reference.strip_prefix("file:") {
        return std::fs::read_to_string(Path::new(path))
            .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            .map_err(|error| format!("${{file:{path}}} cannot be read: {error}"));
    }
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(format!("`${{{name}}}` names no variable; write ${{NAME}}, ${{NAME:-default}} or ${{file:/path}}"));
    }
    lookup(name)
        .or(default)
        .map(str::to_owned)
        .ok_or_else(|| format!("{name} is not set; set it, or write ${{{name}:-}} if it may be missing"))
}
