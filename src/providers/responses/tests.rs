//! Tables over the fixtures in `tests/fixtures`: fixture in, events out.

mod builders;
mod errors;
mod formats;
mod properties;
mod replies;
mod requests;
mod searches;
mod states;
mod support;
