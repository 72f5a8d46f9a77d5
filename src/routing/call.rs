//! A call as the use cases see it, whatever it asks for.

use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::key::{Caller, RequestKeys};

/// Who asks, until when and with which keys of their own.
#[derive(Debug)]
pub struct CallContext {
    pub caller: Arc<Caller>,
    pub request_id: String,
    pub deadline: Instant,
    pub request_keys: RequestKeys,
}
