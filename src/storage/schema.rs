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
        scopes -> Text,
        allowed_models -> Text,
        updated_ms -> BigInt,
    }
}

diesel::table! {
    data_keys (id, master_id) {
        id -> Text,
        master_id -> Text,
        purpose -> Text,
        wrapped -> Binary,
        created_ms -> BigInt,
        wrapped_ms -> BigInt,
    }
}

diesel::table! {
    provider_keys (id) {
        id -> Text,
        user_id -> Text,
        provider -> Text,
        name -> Text,
        secret -> Binary,
        secret_version -> BigInt,
        fingerprint -> Text,
        hint -> Text,
        parameters -> Text,
        quota_owner -> Text,
        active -> Bool,
        selected -> Bool,
        state -> Text,
        state_since_ms -> BigInt,
        state_until_ms -> Nullable<BigInt>,
        state_reason -> Text,
        failure_class -> Nullable<Text>,
        strikes -> BigInt,
        created_ms -> BigInt,
        updated_ms -> BigInt,
        last_used_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    activity (id) {
        id -> Text,
        seq -> BigInt,
        user_id -> Text,
        created_ms -> BigInt,
        action -> Text,
        provider -> Text,
        provider_key_id -> Text,
        provider_key_name -> Text,
        next_provider_key_id -> Text,
        next_provider_key_name -> Text,
        gateway_key_id -> Text,
        gateway_key_name -> Text,
        model_id -> Text,
        request_id -> Text,
        message -> Text,
        failure_class -> Nullable<Text>,
        attempts -> Text,
        search -> Text,
    }
}

diesel::table! {
    usage_records (id) {
        id -> Text,
        user_id -> Text,
        gateway_key_id -> Text,
        request_id -> Text,
        provider -> Text,
        model_id -> Text,
        operation -> Text,
        streamed -> Bool,
        started_ms -> BigInt,
        total_ms -> BigInt,
        first_output_ms -> Nullable<BigInt>,
        outcome -> Text,
        attempts -> BigInt,
        provider_key_name -> Text,
        input_tokens -> Nullable<BigInt>,
        output_tokens -> Nullable<BigInt>,
        cached_input_tokens -> Nullable<BigInt>,
        reasoning_tokens -> Nullable<BigInt>,
        usage_source -> Nullable<Text>,
        nano_usd -> Nullable<BigInt>,
        cost_basis -> Nullable<Text>,
    }
}

diesel::table! {
    usage_days (user_id, day_ms, gateway_key_id, provider, model_id) {
        user_id -> Text,
        day_ms -> BigInt,
        gateway_key_id -> Text,
        provider -> Text,
        model_id -> Text,
        gateway_key_name -> Text,
        requests -> BigInt,
        failed -> BigInt,
        cancelled -> BigInt,
        attempts -> BigInt,
        input_tokens -> BigInt,
        output_tokens -> BigInt,
        cached_input_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        estimated -> BigInt,
        unmetered -> BigInt,
        nano_usd -> BigInt,
        unpriced -> BigInt,
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
