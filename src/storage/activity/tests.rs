//! Which way the database takes to a page, with many rows, on both databases.

use diesel::{
    QueryResult, QueryableByName,
    backend::Backend,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Text},
};
use diesel_async::SimpleAsyncConnection as _;

use super::*;
use crate::{
    domain::time_id::least_id_at,
    storage::{DatabaseUrl, connect::Backend as Database},
};

#[path = "../../../tests/support/pg.rs"]
mod pg;

const ROWS: i64 = 200_000;
/// Rows of one statement.
const CHUNK: i64 = 10_000;
/// Forty users, each with ten providers and as many keys; one row a second.
const FILL: &str = "
WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
INSERT INTO activity (id, seq, user_id, created_ms, action, provider, provider_key_id, provider_key_name,
    next_provider_key_id, next_provider_key_name, gateway_key_id, gateway_key_name, model_id, request_id, message,
    failure_class, attempts, search)
SELECT '0' || (10000000 + i) || '-0000-7000-8000-000000000000', i, 'user ' || (i % 40), i * 1000, 'ERROR',
    'provider ' || (i / 40 % 10), 'key ' || (i / 40 % 10), 'name', '', '', 'gateway key', 'name', 'model', 'request',
    'The provider refused the key.', NULL, '[]', 'name' FROM n";

/// A statement that tells how another one would be done.
#[derive(QueryId)]
struct Explain<Q>(Q, &'static str);

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(self.1);
        self.0.walk_ast(out)
    }
}

impl<Q> diesel::query_builder::Query for Explain<Q> {
    type SqlType = diesel::sql_types::Untyped;
}

#[derive(QueryableByName)]
struct LitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PgPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

async fn fill(store: &Store) -> Result<(), StoreError> {
    on_conn!(store, write, |conn| {
        for first in (1..=ROWS).step_by(CHUNK as usize) {
            let chunk = diesel::sql_query(FILL).bind::<BigInt, _>(first).bind::<BigInt, _>(first + CHUNK - 1);
            chunk.execute(conn).await?;
        }
        Ok(conn.batch_execute("ANALYZE activity").await?)
    })
}

/// Explains a statement of either database.
macro_rules! plan {
    ($store:expr, $statement:expr) => {
        match &$store.backend {
            Database::Sqlite(pools) => {
                use diesel::sqlite::Sqlite as Db;
                let mut conn = pools.read.get().await.unwrap();
                let plan: Vec<LitePlan> = Explain($statement, "EXPLAIN QUERY PLAN ").load(&mut *conn).await.unwrap();
                plan.into_iter().map(|row| row.detail + "\n").collect::<String>()
            }
            Database::Postgres(pools) => {
                use diesel::pg::Pg as Db;
                let mut conn = pools.read.get().await.unwrap();
                let plan: Vec<PgPlan> = Explain($statement, "EXPLAIN ").load(&mut *conn).await.unwrap();
                plan.into_iter().map(|row| row.line + "\n").collect::<String>()
            }
        }
    };
}

async fn every_list_has_its_index(url: &str) {
    let store = Store::open(&DatabaseUrl::parse(url).unwrap(), 2).await.unwrap();
    fill(&store).await.unwrap();
    let all = ActivityFilter::default();
    let provider = ActivityFilter { provider: "provider 1".into(), ..all.clone() };
    let key = ActivityFilter { provider_key_id: "key 1".into(), ..all.clone() };
    let text = ActivityFilter { text: "nothing has it".into(), ..all.clone() };
    let middle = format!("0{}-0000-7000-8000-000000000000", 10_000_000 + ROWS / 4 * 3);
    let query = |filter: &ActivityFilter| ActivityQuery {
        user_id: "user 1".into(),
        filter: filter.clone(),
        from_id: Some(least_id_at(0)),
        before_id: Some(middle.clone()),
        limit: 51,
    };
    for (name, filter, index) in [
        ("all", &all, "activity_user"),
        ("of a provider", &provider, "activity_provider"),
        ("of a key", &key, "activity_provider_key"),
        ("with a text", &text, "activity_user"),
    ] {
        let query = query(filter);
        let plan = plan!(store, queried!(&query, &query.filter).limit(51).select(Row::as_select()));
        let begun = std::time::Instant::now();
        let found = store.list_activity(&query).await.unwrap();
        println!("{name}: {} rows in {:?}\n{plan}", found.len(), begun.elapsed());
        // PostgreSQL chooses among indexes by samples it takes of the rows; it must not read the whole table.
        let postgres = plan.contains("cost=") && plan.contains("Index Scan") && !plan.contains("Seq Scan");
        assert!(postgres || plan.contains(&format!("{index} ")), "{plan}");
        // What a search finds is little; PostgreSQL may sort it.
        assert!(filter.scans() || !(plan.contains("TEMP B-TREE") || plan.contains("Sort")), "{plan}");
    }
    let plan = plan!(
        store,
        passing!("user 1", &all)
            .filter(activity::seq.gt(ROWS - 20))
            .filter(activity::seq.le(ROWS))
            .order(activity::seq.asc())
            .limit(1001)
            .select(Row::as_select())
    );
    println!("watched:\n{plan}");
    assert!(plan.contains("activity_seq "), "{plan}");
    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");

    let begun = std::time::Instant::now();
    let query = query(&text);
    let mark = store.activity_mark(&query, 2000).await.unwrap().unwrap();
    let step = ActivityQuery { from_id: Some(mark), ..query };
    assert!(store.list_activity(&step).await.unwrap().is_empty());
    println!("a step of a search: {:?}", begun.elapsed());

    let begun = std::time::Instant::now();
    let old = format!("0{}-0000-7000-8000-000000000000", 10_000_000 + 700);
    let deleted = [store.delete_activity(&old, 500).await.unwrap(), store.delete_activity(&old, 500).await.unwrap()];
    println!("699 old rows deleted in {:?}", begun.elapsed());
    assert_eq!(deleted, [500, 199]);
    assert_eq!(store.delete_activity(&old, 500).await.unwrap(), 0);
}

#[tokio::test]
async fn every_list_has_its_index_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    every_list_has_its_index(&format!("sqlite://{}/gateway.db", dir.path().display())).await;
}

#[tokio::test]
async fn every_list_has_its_index_on_postgres() {
    let Some(url) = pg::database() else { return };
    every_list_has_its_index(&url).await;
}
