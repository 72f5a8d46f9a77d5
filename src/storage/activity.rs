//! The activity log: rows that are added, read and at last forgotten.
//!
//! A row has two orders. Its id is that of time, by which it is listed. Its `seq` is that in which rows became visible: it
//! is counted in the transaction that adds the row, under a lock, so that whoever has seen one number has seen all before.

use diesel::{
    EscapeExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    Selectable, SelectableHelper as _, TextExpressionMethods as _,
};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::{
    batch::{ExecuteBatch as _, MOST_NAME, fit},
    connect::{Store, on_conn},
    error::StoreError,
    revisions::Revision,
    schema::{activity, revisions},
    stored_attempts::{attempts_of, attempts_to_text},
};
use crate::domain::{
    activity::{Action, ActivityEntry, ActivityFilter, ActivityQuery},
    failure::FailureClass,
};

/// Most characters of a message.
const MOST_MESSAGE: usize = 1024;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = activity, treat_none_as_default_value = false)]
struct Row {
    id: String,
    seq: i64,
    user_id: String,
    created_ms: i64,
    action: String,
    provider: String,
    provider_key_id: String,
    provider_key_name: String,
    next_provider_key_id: String,
    next_provider_key_name: String,
    gateway_key_id: String,
    gateway_key_name: String,
    model_id: String,
    request_id: String,
    message: String,
    failure_class: Option<String>,
    attempts: String,
    search: String,
}

impl Row {
    fn new(entry: &ActivityEntry, seq: i64) -> Self {
        let name = |text: &str| fit(text, MOST_NAME);
        let message = fit(&entry.message, MOST_MESSAGE);
        let searched =
            [&entry.provider_key_name, &entry.next_provider_key_name, &entry.gateway_key_name, &entry.model_id];
        let mut search: String = searched.map(|text| name(text) + "\n").concat();
        search.push_str(&message);
        Self {
            id: entry.id.clone(),
            seq,
            user_id: entry.user_id.clone(),
            created_ms: entry.created_ms,
            action: entry.action.name().to_owned(),
            provider: name(&entry.provider),
            provider_key_id: name(&entry.provider_key_id),
            provider_key_name: name(&entry.provider_key_name),
            next_provider_key_id: name(&entry.next_provider_key_id),
            next_provider_key_name: name(&entry.next_provider_key_name),
            gateway_key_id: name(&entry.gateway_key_id),
            gateway_key_name: name(&entry.gateway_key_name),
            model_id: name(&entry.model_id),
            request_id: name(&entry.request_id),
            message,
            failure_class: entry.failure.map(|class| class.name().to_owned()),
            attempts: attempts_to_text(&entry.attempts),
            search: search.to_lowercase(),
        }
    }

    fn entry(self) -> Result<ActivityEntry, StoreError> {
        let action = Action::ALL.into_iter().find(|action| action.name() == self.action);
        let class = |name: &str| FailureClass::ALL.into_iter().find(|class| class.name() == name);
        Ok(ActivityEntry {
            action: action.ok_or_else(|| StoreError::Corrupt(format!("activity {} has no known action", self.id)))?,
            id: self.id,
            user_id: self.user_id,
            created_ms: self.created_ms,
            provider: self.provider,
            provider_key_id: self.provider_key_id,
            provider_key_name: self.provider_key_name,
            next_provider_key_id: self.next_provider_key_id,
            next_provider_key_name: self.next_provider_key_name,
            gateway_key_id: self.gateway_key_id,
            gateway_key_name: self.gateway_key_name,
            model_id: self.model_id,
            request_id: self.request_id,
            message: self.message,
            failure: self.failure_class.as_deref().and_then(class),
            attempts: attempts_of(&self.attempts),
        })
    }
}

/// Reads the rows of one user that pass a filter. Each condition of the filter is in the statement only when it is set, so
/// that the database can choose the index that fits.
macro_rules! passing {
    ($user_id:expr, $filter:expr) => {{
        let filter: &ActivityFilter = $filter;
        let mut rows = activity::table.filter(activity::user_id.eq($user_id)).into_boxed::<Db>();
        if !filter.provider.is_empty() {
            rows = rows.filter(activity::provider.eq(&filter.provider));
        }
        if !filter.provider_key_id.is_empty() {
            rows = rows.filter(activity::provider_key_id.eq(&filter.provider_key_id));
        }
        if !filter.gateway_key_id.is_empty() {
            rows = rows.filter(activity::gateway_key_id.eq(&filter.gateway_key_id));
        }
        if !filter.actions.is_empty() {
            let names: Vec<&str> = filter.actions.iter().map(|action| action.name()).collect();
            rows = rows.filter(activity::action.eq_any(names));
        }
        if !filter.text.is_empty() {
            rows = rows.filter(activity::search.like(pattern(&filter.text)).escape('\\'));
        }
        rows
    }};
}

/// Reads the rows of a query, newest first.
macro_rules! queried {
    ($query:expr, $filter:expr) => {{
        let query: &ActivityQuery = $query;
        let mut rows = passing!(&query.user_id, $filter).order(activity::id.desc());
        if let Some(from) = &query.from_id {
            rows = rows.filter(activity::id.ge(from));
        }
        if let Some(before) = &query.before_id {
            rows = rows.filter(activity::id.lt(before));
        }
        rows
    }};
}

impl Store {
    /// Adds entries and returns the number of the last row. Entries that are there already stay as they are: a transaction
    /// whose end was not heard of is tried again.
    pub async fn add_activity(&self, entries: &[ActivityEntry]) -> Result<i64, StoreError> {
        let count = entries.len() as i64;
        on_conn!(self, write, |conn| {
            conn.transaction::<_, StoreError, _>(async |conn| {
                let last: i64 = diesel::update(revisions::table.find(Revision::Activity.name()))
                    .set(revisions::value.eq(revisions::value + count))
                    .returning(revisions::value)
                    .get_result(conn)
                    .await?;
                let rows: Vec<Row> = (last - count + 1..).zip(entries).map(|(seq, e)| Row::new(e, seq)).collect();
                let insert = diesel::insert_into(activity::table).values(rows);
                conn.execute_batch(insert.on_conflict(activity::id).do_nothing()).await?;
                Ok(last)
            })
            .await
        })
    }

    pub async fn list_activity(&self, query: &ActivityQuery) -> Result<Vec<ActivityEntry>, StoreError> {
        on_conn!(self, read, |conn| {
            let rows = queried!(query, &query.filter).limit(query.limit as i64);
            let rows: Vec<Row> = rows.select(Row::as_select()).load(conn).await?;
            rows.into_iter().map(Row::entry).collect()
        })
    }

    /// Returns the id that lies `rows` rows further on in what a query has to look at, however few of them pass; `None` when
    /// there are not as many.
    pub async fn activity_mark(&self, query: &ActivityQuery, rows: usize) -> Result<Option<String>, StoreError> {
        let ActivityFilter { provider, provider_key_id, .. } = query.filter.clone();
        let looked_at = ActivityFilter { provider, provider_key_id, ..ActivityFilter::default() };
        on_conn!(self, read, |conn| {
            let mark = queried!(query, &looked_at).select(activity::id).offset(rows as i64).limit(1);
            Ok(mark.first(conn).await.optional()?)
        })
    }

    /// Returns the number of the last row.
    pub async fn activity_head(&self) -> Result<i64, StoreError> {
        self.revision(Revision::Activity).await
    }

    /// Returns the number of a row of a user's.
    pub async fn activity_seq(&self, user_id: &str, id: &str) -> Result<Option<i64>, StoreError> {
        on_conn!(self, read, |conn| {
            let row = activity::table.find(id).filter(activity::user_id.eq(user_id)).select(activity::seq);
            Ok(row.first(conn).await.optional()?)
        })
    }

    /// Lists entries numbered after `after` and not after `to`, in the order of their numbers, `limit` of them at most.
    pub async fn activity_between(
        &self,
        user_id: &str,
        filter: &ActivityFilter,
        (after, to): (i64, i64),
        limit: usize,
    ) -> Result<Vec<ActivityEntry>, StoreError> {
        on_conn!(self, read, |conn| {
            let rows = passing!(user_id, filter).filter(activity::seq.gt(after)).filter(activity::seq.le(to));
            let rows = rows.order(activity::seq.asc()).limit(limit as i64);
            let rows: Vec<Row> = rows.select(Row::as_select()).load(conn).await?;
            rows.into_iter().map(Row::entry).collect()
        })
    }

    /// Deletes the oldest entries with ids before `before_id`, `limit` of them at most, and returns how many there were.
    pub async fn delete_activity(&self, before_id: &str, limit: usize) -> Result<usize, StoreError> {
        on_conn!(self, write, |conn| {
            let old = activity::table.filter(activity::id.lt(before_id)).order(activity::id.asc()).select(activity::id);
            let mark: Option<String> = old.offset(limit as i64).first(conn).await.optional()?;
            let end = mark.as_deref().unwrap_or(before_id);
            Ok(diesel::delete(activity::table.filter(activity::id.lt(end))).execute(conn).await?)
        })
    }
}

/// Finds the text anywhere. No character of it means anything but itself.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests;
