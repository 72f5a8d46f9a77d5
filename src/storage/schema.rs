//! One schema for both databases: only SQL types that mean the same in SQLite and PostgreSQL.

diesel::table! {
    users (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        created_ms -> BigInt,
        active -> Bool,
    }
}

diesel::table! {
    gateway_keys (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        hash -> Binary,
        active -> Bool,
        created_ms -> BigInt,
        expires_ms -> Nullable<BigInt>,
        last_used_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    revisions (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::joinable!(gateway_keys -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(gateway_keys, users);
