use super::{DatabaseUrl, StoreError};

#[test]
fn a_database_url_never_prints_its_password() {
    for (text, printed) in [
        ("sqlite:///var/lib/gateway.db", "sqlite:///var/lib/gateway.db"),
        ("postgres://me:s3cret@db.example:5433/gateway", "postgres://db.example/gateway"),
        ("postgresql://me:s3cret@db/gateway?sslmode=verify-full", "postgres://db/gateway"),
    ] {
        let url = DatabaseUrl::parse(text).unwrap();
        assert_eq!(url.to_string(), printed);
        assert_eq!(format!("{url:?}"), printed);
    }
    for bad in ["", "mysql://x", "sqlite://", "postgres://me:s3cret@db:s3cret/x", "postgres://me:s3cret@db/x?s3cret=1"]
    {
        let error = DatabaseUrl::parse(bad).unwrap_err();
        assert!(matches!(error, StoreError::Url(_)), "{bad}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
