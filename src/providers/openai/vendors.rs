//! Compatible vendors by name. A row in `hosted` or `local` and a folder of fixtures are all a vendor needs.

use super::{hosted::HOSTED, local::LOCAL, vendor::Vendor};

/// Returns every row.
pub fn vendors() -> impl Iterator<Item = &'static Vendor> {
    HOSTED.iter().chain(LOCAL)
}

/// Returns the row of a vendor.
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    vendors().find(|vendor| vendor.name == name)
}
