//! What a row's columns are called, in CSV and in JSON.

/// A column the gateway reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Provider,
    Secret,
    Name,
    QuotaOwner,
}

/// Their names in small letters, without what stands between words.
const NAMES: &[(&str, Column)] = &[
    ("provider", Column::Provider),
    ("providername", Column::Provider),
    ("secret", Column::Secret),
    ("apikey", Column::Secret),
    ("key", Column::Secret),
    ("token", Column::Secret),
    ("name", Column::Name),
    ("keyname", Column::Name),
    ("label", Column::Name),
    ("quotaowner", Column::QuotaOwner),
];

/// The columns of CSV that does not name them.
pub const USUAL: [Option<Column>; 4] =
    [Some(Column::Provider), Some(Column::Secret), Some(Column::Name), Some(Column::QuotaOwner)];

/// Returns the column of this name: `api_key`, `API Key` and `apiKey` are alike.
pub fn column(name: &str) -> Option<Column> {
    let letters: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(&letters)).map(|(_, column)| *column)
}
