//! What the black-box tests share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod gateway;
pub mod seeing;
pub mod upstream;
