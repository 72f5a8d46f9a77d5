//! Where a sealed secret stands.

/// The row a sealed secret belongs to, always in the column `secret`. It opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'static str,
    pub id: &'a str,
    /// Id of the user who owns the row.
    pub owner: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a stored provider key's secret.
    pub fn of_provider_key(id: &'a str, owner: &'a str) -> Self {
        Self { table: "provider_keys", id, owner }
    }
}
