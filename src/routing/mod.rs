//! Which target, which key, what next. Knows nothing of wire formats and sockets.

pub mod call;
pub mod catalog;
pub mod commit;
pub mod failover;
pub mod happenings;
pub mod key_pool;
pub mod plan;
pub mod transport;
