//! The driver against servers on this machine, over real sockets and real TLS.

mod fakes;
mod fan_out;
mod files;
mod media;
mod plain;
mod server;
mod slots;
mod tls;
mod tokens;
