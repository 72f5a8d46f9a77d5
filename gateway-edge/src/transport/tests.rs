//! The way to replicas over real sockets: which one is asked, what is sent again, and what callers see of failures.

mod balance;
mod black_hole;
mod repeats;
mod replica;
mod secure;
mod told;

/// More than a busy machine needs, and less than waiting for nothing takes.
const LONG: std::time::Duration = std::time::Duration::from_secs(10);
