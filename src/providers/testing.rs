//! What the tests of all adapters share: fixtures, streams in pieces, and what both sides of a fixture must agree on.

pub mod answer;
pub mod damage;
pub mod files;
pub mod streams;
