//! USE CASES of administration.

pub mod models;
