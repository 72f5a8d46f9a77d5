//! Tests that run on SQLite and on a real PostgreSQL.

/// Runs tests on both databases; each is given the address of an empty one.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(&format!("sqlite://{}/new/gateway.db", dir.path().display())).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(url) = super::pg::database() else { return };
                super::$name(&url).await;
            })*
        }
    };
}

pub(crate) use on_both;
