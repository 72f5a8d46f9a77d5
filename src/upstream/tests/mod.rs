//! The driver against servers on this machine, over real sockets and real TLS.

mod exchange;
mod fakes;
mod fan_out;
mod files;
mod key_check;
mod media;
mod server;
mod slots;
mod tls;
mod tokens;
