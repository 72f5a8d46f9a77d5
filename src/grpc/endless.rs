//! What ends a call that has no end of its own: the gateway stops, or its caller is not let in any more.

use std::{pin::Pin, sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    now::now_ms,
    policy::{Policy, allowed},
};
use crate::{
    access::Directory,
    domain::error::{Error, ErrorKind},
};

/// How often it is seen whether the caller may still go on.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// What happened before the gateway stopped is still told. Begins when the call itself has seen it happen, so it need
/// only be longer than any watch gathers changes.
const TIME_TO_TELL: Duration = Duration::from_millis(250);

/// Resolves to the reason why the call ends. Few calls are endless, so they pay for it alone.
pub type Ending = Pin<Box<dyn Future<Output = Error> + Send>>;

/// Who is let in, and until when anybody is.
#[derive(Clone)]
pub struct Doorkeeper {
    pub directory: Arc<Directory>,
    pub stopping: CancellationToken,
}

impl Doorkeeper {
    /// Watches over a call of this rpc by whoever shows this key.
    pub fn watch(&self, policy: Policy, bearer: Option<&str>) -> Ending {
        let keeper = self.clone();
        let bearer = bearer.map(SecretString::from);
        Box::pin(async move {
            loop {
                tokio::select! {
                    () = keeper.stopping.cancelled() => {
                        sleep(TIME_TO_TELL).await;
                        return shutting_down();
                    }
                    () = sleep(LOOK_AGAIN) => {}
                }
                if let Some(refusal) = keeper.refusal(policy, bearer.as_ref()) {
                    return refusal;
                }
            }
        })
    }

    fn refusal(&self, policy: Policy, bearer: Option<&SecretString>) -> Option<Error> {
        let bearer = bearer.map(|bearer| bearer.expose_secret());
        let caller = self.directory.authenticate(bearer, now_ms());
        let refusal = caller.and_then(|caller| allowed(Some(policy), &caller).map(drop)).err()?;
        // While the database is away nobody is known to be shut out.
        (refusal.kind != ErrorKind::StorageUnavailable).then_some(refusal)
    }
}

fn shutting_down() -> Error {
    Error::new(ErrorKind::ShuttingDown, "this replica of the gateway is shutting down; call again")
}
