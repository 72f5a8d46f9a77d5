//! What the gateway finds out about provider keys by using them. None of it touches what the owner decided, and all of it
//! gives way to what is newer.

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::row::HealthColumns;
use crate::{
    domain::health::{Health, KeyState},
    storage::{
        connect::{Store, on_conn},
        error::StoreError,
        revisions::{Revision, bump},
        schema::{provider_keys::dsl, revisions},
        undo::{Undo, settle},
    },
};

impl Store {
    /// Merges what was found out about a key into what is stored. Returns whether that changed anything: not when the
    /// key is gone, has another secret by now, or something newer is known.
    pub async fn store_health(&self, id: &str, secret_version: i64, found: &Health) -> Result<bool, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let stored: Option<HealthColumns> = dsl::provider_keys
                    .find(id)
                    .filter(dsl::secret_version.eq(secret_version))
                    .select(HealthColumns::as_select())
                    .first(conn)
                    .await
                    .optional()?;
                let Some(stored) = stored.map(Health::from) else { return Err(Undo::Nothing(false)) };
                let merged = stored.merge(found);
                if merged == stored {
                    return Err(Undo::Nothing(false));
                }
                diesel::update(dsl::provider_keys.find(id)).set(HealthColumns::from(&merged)).execute(conn).await?;
                Ok(true)
            });
            settle(done.await)
        })
    }

    /// Moves the selection from a key that failed to the one that succeeded, and returns the revision that has it. It
    /// does not move when the one is not selected any more, or the other one is gone or switched off.
    pub async fn move_selection(&self, user_id: &str, from: &str, to: &str) -> Result<Option<i64>, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let selected = dsl::user_id.eq(user_id).and(dsl::selected.eq(true));
                let provider: Option<String> = diesel::update(dsl::provider_keys.find(from).filter(selected))
                    .set(dsl::selected.eq(false))
                    .returning(dsl::provider)
                    .get_result(conn)
                    .await
                    .optional()?;
                let Some(provider) = provider else { return Err(Undo::Nothing(None)) };
                let fit = dsl::user_id.eq(user_id).and(dsl::provider.eq(provider)).and(dsl::active.eq(true));
                let moved = diesel::update(dsl::provider_keys.find(to).filter(fit))
                    .set(dsl::selected.eq(true))
                    .execute(conn)
                    .await?;
                if moved != 1 {
                    return Err(Undo::Nothing(None));
                }
                let revision = revisions::table.find(Revision::ProviderKeys.name());
                Ok(Some(revision.select(revisions::value).first(conn).await?))
            });
            settle(done.await)
        })
    }

    /// Takes the turn of trying an invalid key: of processes that see the same time, one gets `true`.
    pub async fn claim_probe(&self, id: &str, expected_ms: i64, next_ms: i64) -> Result<bool, StoreError> {
        on_conn!(self, write, |conn| {
            let done = conn.transaction(async |conn| {
                bump!(conn, Revision::ProviderKeys);
                let due = dsl::state.eq(KeyState::Invalid.name()).and(dsl::state_until_ms.eq(expected_ms));
                let claimed = diesel::update(dsl::provider_keys.find(id).filter(due))
                    .set(dsl::state_until_ms.eq(next_ms))
                    .execute(conn)
                    .await?;
                if claimed == 1 { Ok(true) } else { Err(Undo::Nothing(false)) }
            });
            settle(done.await)
        })
    }

    /// Notes when keys were last used. Their order is that of ids, so that two processes never wait for each other.
    pub async fn touch_provider_keys(&self, used: &[(String, i64)]) -> Result<(), StoreError> {
        let mut used = used.to_vec();
        used.sort_unstable();
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                for (id, at_ms) in &used {
                    let older = dsl::last_used_ms.is_null().or(dsl::last_used_ms.lt(*at_ms));
                    diesel::update(dsl::provider_keys.find(id).filter(older))
                        .set(dsl::last_used_ms.eq(*at_ms))
                        .execute(conn)
                        .await?;
                }
                Ok(())
            })
            .await
        })
    }
}
