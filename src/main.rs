//! The door: reads the command line and hands over.
fn main() {}
