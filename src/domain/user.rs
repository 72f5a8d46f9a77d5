//! Users: who owns gateway keys, provider keys, activity and usage.

/// What a user is to the gateway. It opens no rpc: every caller sees their own things only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the gateway. At least one active owner always remains.
    Owner,
    Member,
}

impl Role {
    pub const ALL: [Self; 2] = [Self::Owner, Self::Member];

    /// The word for it in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

/// Somebody who may own keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    /// No two users have the same.
    pub name: String,
    pub role: Role,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// False: none of the user's gateway keys is accepted.
    pub active: bool,
}
