//! PROVIDER STATE: what a provider wants back with the next turn, such as a signature of its thinking. It goes back only
//! where it came from, and is remembered for callers whose clients lose it.

mod pin;
mod recall;
mod scope;
mod seen;
mod without;

pub use pin::{Pinning, Pins, pin};
pub use recall::StateMemory;
pub use scope::key_scope;
pub use seen::SeenStates;
pub use without::without_states;
