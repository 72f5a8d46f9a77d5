//! Who may call: the gateway key a caller shows becomes a `Caller`, from memory only.

mod directory;
mod gateway_key;
mod last_use;

pub use directory::{AccessSnapshot, Directory, OWNER_ID, refused};
pub use gateway_key::{GatewayKeySecret, TokenError};
pub use last_use::UnstoredUse;

#[cfg(test)]
mod tests;
