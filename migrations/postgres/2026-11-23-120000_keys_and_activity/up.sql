ALTER TABLE gateway_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'models,keys,activity';
-- JSON array of model ids and patterns such as `google/*`; empty means every model.
ALTER TABLE gateway_keys ADD COLUMN allowed_models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE gateway_keys ADD COLUMN updated_ms BIGINT NOT NULL DEFAULT 0;

-- Keys that encrypt, each wrapped by a master key, which is not in the database. While the master key is changed, a key
-- has two rows: one for the old and one for the new master key.
CREATE TABLE data_keys (
    id TEXT NOT NULL,
    master_id TEXT NOT NULL,
    -- `seal` for the keys of secrets, `fingerprint` for the one of fingerprints.
    purpose TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_ms BIGINT NOT NULL,
    -- When this master key wrapped it. The master key whose first wrapping is the latest is the newest one.
    wrapped_ms BIGINT NOT NULL,
    PRIMARY KEY (id, master_id)
);

CREATE TABLE provider_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Sealed, bound to this table, row and owner.
    secret BYTEA NOT NULL,
    -- Grows with every new secret: a verdict on the old one must not hit the new one.
    secret_version BIGINT NOT NULL DEFAULT 1,
    fingerprint TEXT NOT NULL,
    hint TEXT NOT NULL,
    parameters TEXT NOT NULL DEFAULT '{}',
    quota_owner TEXT NOT NULL DEFAULT '',
    -- What its owner wants. Only the owner changes it.
    active BOOLEAN NOT NULL DEFAULT TRUE,
    selected BOOLEAN NOT NULL DEFAULT FALSE,
    -- What the gateway has found out. Only the gateway changes it.
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'cooling', 'quota_exhausted', 'invalid')),
    state_since_ms BIGINT NOT NULL,
    state_until_ms BIGINT,
    state_reason TEXT NOT NULL DEFAULT '',
    failure_class TEXT,
    strikes BIGINT NOT NULL DEFAULT 0,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    last_used_ms BIGINT
);

-- Two selected keys of one provider are impossible.
CREATE UNIQUE INDEX provider_keys_selected ON provider_keys (user_id, provider) WHERE selected;
-- One secret is stored once.
CREATE UNIQUE INDEX provider_keys_secret ON provider_keys (user_id, provider, fingerprint);
CREATE INDEX provider_keys_order ON provider_keys (user_id, created_ms, id);

-- What happened to provider keys. Rows are only added. Ids begin with the time, so their order is that of time.
CREATE TABLE activity (
    id TEXT NOT NULL PRIMARY KEY,
    -- Place in the order in which rows became visible, which is what watchers go by. Counted in `revisions`.
    seq BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    action TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_key_id TEXT NOT NULL,
    provider_key_name TEXT NOT NULL,
    next_provider_key_id TEXT NOT NULL,
    next_provider_key_name TEXT NOT NULL,
    gateway_key_id TEXT NOT NULL,
    gateway_key_name TEXT NOT NULL,
    model_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    message TEXT NOT NULL,
    failure_class TEXT,
    -- JSON array.
    attempts TEXT NOT NULL,
    -- Names, model and message in lower case: databases differ in what they know of letters.
    search TEXT NOT NULL
);

CREATE INDEX activity_user ON activity (user_id, id);
CREATE UNIQUE INDEX activity_seq ON activity (user_id, seq);
CREATE INDEX activity_provider ON activity (user_id, provider, id);
CREATE INDEX activity_provider_key ON activity (user_id, provider_key_id, id);

-- One row for each request. Rows are only added, in the order of their ids, and lists are made of their sums: every index
-- would be paid for by every request.
CREATE TABLE usage_records (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    gateway_key_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    -- Empty when the request was refused before it had a target.
    provider TEXT NOT NULL,
    model_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    streamed BOOLEAN NOT NULL DEFAULT FALSE,
    started_ms BIGINT NOT NULL,
    total_ms BIGINT NOT NULL,
    first_output_ms BIGINT,
    -- `completed`, `cancelled` or the reason of the error.
    outcome TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    provider_key_name TEXT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cached_input_tokens BIGINT,
    reasoning_tokens BIGINT,
    usage_source TEXT,
    nano_usd BIGINT,
    cost_basis TEXT
);

-- Sums of `usage_records`, written in the same transaction.
CREATE TABLE usage_days (
    user_id TEXT NOT NULL,
    -- Start of the UTC day in Unix milliseconds.
    day_ms BIGINT NOT NULL,
    gateway_key_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    model_id TEXT NOT NULL,
    -- The name it had last; it outlives the key.
    gateway_key_name TEXT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    unmetered BIGINT NOT NULL,
    nano_usd BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    PRIMARY KEY (user_id, day_ms, gateway_key_id, provider, model_id)
);

INSERT INTO revisions (name, value) VALUES ('provider_keys', 0), ('activity', 0);

-- Tells the other processes of a write, with its commit. SQLite has no such thing; there they look for it.
CREATE FUNCTION tell_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('aigateway', NEW.name);
    RETURN NULL;
END
$$;

CREATE TRIGGER revisions_told AFTER UPDATE ON revisions FOR EACH ROW EXECUTE FUNCTION tell_revision();
