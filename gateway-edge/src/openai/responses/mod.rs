//! `POST /v1/responses`, the stateless part, as another face of chat completions.
//!
//! `body`, `items`, `tools` and `request` read; `fold` adds events up to output items, and so serves whole answers
//! (`response`) and streams (`events`) alike; `output` and `object` are the shapes both write.

mod body;
mod echo;
mod events;
mod fold;
mod items;
mod object;
mod output;
mod request;
mod response;
mod tools;

pub use body::ResponseBody;
pub use events::ResponseWriter;
pub use object::Object;
pub use output::{
    Annotation as OutputAnnotation, Content as OutputContent, Item as OutputItem, Logprob as OutputLogprob,
    Summary as OutputSummary,
};
pub use request::{ResponseCall, parse};
pub use response::write;

#[cfg(test)]
mod tests;
