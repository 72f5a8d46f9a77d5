//! What a row's columns are called, in CSV and in JSON.

/// A column the gateway reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Provider,
    Secret,
    Name,
    QuotaOwner,
}

const NAMES: &[(&str, Column)] = &[
    ("provider", Column::Provider),
    ("provider_name", Column::Provider),
    ("secret", Column::Secret),
    ("api_key", Column::Secret),
    ("key", Column::Secret),
    ("name", Column::Name),
    ("label", Column::Name),
    ("quota_owner", Column::QuotaOwner),
];

/// Returns the column of this name; upper and lower case are alike.
pub fn column(name: &str) -> Option<Column> {
    let name = name.trim();
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, column)| *column)
}
