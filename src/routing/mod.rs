//! Which target, which key, what next. Knows nothing of wire formats and sockets.

pub mod call;
pub mod candidate;
pub mod catalog;
mod chooser;
pub mod commit;
pub mod failover;
mod findings;
#[cfg(test)]
pub mod fixtures;
pub mod happenings;
pub mod key_pool;
pub mod plan;
pub mod retry_budget;
pub mod standing;
pub mod transport;
pub mod upstream_error;

#[cfg(test)]
mod tests;
