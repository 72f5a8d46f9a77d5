//! Users: made, switched off and on by whoever runs the gateway. Every write publishes the new snapshot at once.

use std::sync::Arc;

use super::{access_state::AccessState, errors::from_store};
use crate::{
    access::Directory,
    domain::{
        error::{Error, ErrorKind, Result},
        user::{Role, User},
    },
    storage::{Store, StoreError},
};

const MAX_NAME_LENGTH: usize = 100;

pub struct Users {
    state: AccessState,
}

impl Users {
    pub fn new(store: Store, directory: Arc<Directory>) -> Self {
        Self { state: AccessState::new(store, directory) }
    }

    /// Creates a user, who has no keys yet.
    pub async fn create(&self, name: &str, role: Role, now_ms: i64) -> Result<User> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
            let message = format!("a user needs a name of 1 to {MAX_NAME_LENGTH} visible characters");
            return Err(Error::invalid("name", message));
        }
        if !self.state.store.has_users().await.map_err(from_store)? {
            let message = "the gateway has no owner yet; start it once, or create the first key";
            return Err(Error::new(ErrorKind::NotAllowed, message));
        }
        let id = uuid::Uuid::now_v7().to_string();
        let user = User { id, name: name.to_owned(), role, created_ms: now_ms, active: true };
        self.state.store.insert_user(&user).await.map_err(|error| match error {
            StoreError::Conflict(_) => Error::new(ErrorKind::AlreadyExists, format!("there is a user {name} already")),
            other => from_store(other),
        })?;
        Ok(user)
    }

    /// Lists all users, oldest first.
    pub async fn list(&self) -> Result<Vec<User>> {
        self.state.store.list_users().await.map_err(from_store)
    }

    /// Finds a user by id or by name.
    pub async fn find(&self, id_or_name: &str) -> Result<User> {
        let found = self.state.store.find_user(id_or_name).await.map_err(from_store)?;
        found.ok_or_else(|| {
            let message = format!("no user has the id or the name {id_or_name}; list the users to see them");
            Error::new(ErrorKind::NotFound, message)
        })
    }

    /// Switches a user with all keys off or on, from the next request on.
    pub async fn set_active(&self, id_or_name: &str, active: bool) -> Result<User> {
        let user = self.find(id_or_name).await?;
        let changed = self.state.store.set_user_active(&user.id, active).await.map_err(|error| match error {
            StoreError::Conflict(_) => {
                let message = format!("{} is the last active owner; create or enable another one first", user.name);
                Error::new(ErrorKind::NotAllowed, message)
            }
            other => from_store(other),
        })?;
        self.state.publish().await.map_err(from_store)?;
        changed.ok_or_else(|| Error::new(ErrorKind::NotFound, "the user is gone"))
    }
}

#[cfg(test)]
mod tests;
