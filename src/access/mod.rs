//! Who may call: the gateway key a caller shows becomes a `Caller`, from memory only.

mod directory;
mod gateway_key;

pub use directory::{AccessSnapshot, Directory, OWNER_ID};
pub use gateway_key::{GatewayKeySecret, TokenError};

#[cfg(test)]
mod tests;
