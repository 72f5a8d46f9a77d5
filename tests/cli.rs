//! The binary as a user meets it: output, exit codes, no secret where it does not belong.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    path::Path,
    process::{Command, Output},
};

/// Runs the gateway in `dir` with nothing else in its environment.
fn gateway(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ai-model-gateway"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(dir)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn keys_are_created_listed_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let created = gateway(dir.path(), &["keys", "create", "--name", "laptop", "--expires-in", "30d"], &[]);
    assert_eq!(created.status.code(), Some(0), "{}", err(&created));
    let key = out(&created).trim().to_owned();
    assert!(key.starts_with("sk-") && !key.contains(char::is_whitespace), "only the key is on standard output: {key}");
    assert!(!err(&created).contains(&key));

    let id = key.split('-').nth(1).unwrap();
    let list = out(&gateway(dir.path(), &["keys", "list"], &[]));
    assert!(list.lines().nth(1).unwrap().starts_with(&format!("{id}  active  ")), "{list}");
    assert!(!list.contains(&key));

    assert_eq!(gateway(dir.path(), &["keys", "revoke", id], &[]).status.code(), Some(0));
    let json: serde_json::Value =
        serde_json::from_str(&out(&gateway(dir.path(), &["keys", "list", "--json"], &[]))).unwrap();
    assert_eq!((json[0]["id"].as_str(), json[0]["state"].as_str()), (Some(id), Some("revoked")));

    let again = gateway(dir.path(), &["keys", "revoke", &key], &[]);
    assert_eq!(again.status.code(), Some(0), "a whole key is taken, too");
    assert!(!err(&again).contains(&key));

    let unknown = gateway(dir.path(), &["keys", "revoke", "none"], &[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("no gateway key has this id"));
}

#[test]
fn users_own_keys() {
    let dir = tempfile::tempdir().unwrap();
    let run = |line: &str| gateway(dir.path(), &line.split(' ').collect::<Vec<_>>(), &[]);
    let early = run("users create --name ann");
    assert_eq!(early.status.code(), Some(1), "the first user comes with the first key");
    assert!(run("keys create --name first").status.success());

    let created = run("users create --name ann");
    assert!(created.status.success(), "{}", err(&created));
    let id = out(&created).trim().to_owned();
    assert_eq!(run("users create --name ann").status.code(), Some(1));
    let key = run("keys create --name ci --user ann --scopes models,activity --models google/*,sandbox/echo --json");
    let key: serde_json::Value = serde_json::from_str(&out(&key)).unwrap();
    assert_eq!(key["user_id"], id.as_str());
    assert_eq!(key["scopes"], serde_json::json!(["models", "activity"]));
    assert_eq!(key["allowed_models"], serde_json::json!(["google/*", "sandbox/echo"]));

    assert!(run("users disable ann").status.success());
    let users: serde_json::Value = serde_json::from_str(&out(&run("users list --json"))).unwrap();
    let row = |n: usize| (users[n]["name"].clone(), users[n]["role"].clone(), users[n]["state"].clone());
    assert_eq!(row(0), ("Owner".into(), "owner".into(), "active".into()));
    assert_eq!(row(1), ("ann".into(), "member".into(), "disabled".into()));
    assert!(run(&format!("users enable {id}")).status.success());
    assert!(out(&run("keys list")).lines().any(|line| line.ends_with("ann    ci")), "{}", out(&run("keys list")));

    for (line, code, says) in [
        ("users disable owner", 1, "last active owner"),
        ("users disable nobody", 1, "no user has the id or the name nobody"),
        ("users create --name x --role king", 2, "owner or member"),
        ("keys create --name x --scopes all", 2, "models, keys, activity"),
        ("keys create --name x --user nobody", 1, "no user has the id or the name nobody"),
        ("keys create --name x --models a*b", 1, "allowed model"),
    ] {
        let output = run(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", err(&output));
        assert!(err(&output).contains(says), "{line}: {}", err(&output));
    }
}

#[test]
fn the_chosen_first_key_is_not_lost_to_an_early_create() {
    let dir = tempfile::tempdir().unwrap();
    let env = [("AIGW_BOOTSTRAP_KEY", "0123456789abcdef0123456789abcdef")];
    assert!(gateway(dir.path(), &["keys", "create", "--name", "ci", "--json"], &env).status.success());
    let list = out(&gateway(dir.path(), &["keys", "list"], &env));
    assert!(list.contains("first key") && list.contains("ci"), "{list}");
}

#[test]
fn check_config_tells_origins_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".env"), "XAI_API_KEY=s3cret\nAIGW_DRAIN_SECONDS=9\n").unwrap();
    let output = gateway(dir.path(), &["check-config", "--log", "warn"], &[("AIGW_MAX_ATTEMPTS", "2")]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    let line = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(&format!("{name} "))).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("AIGW_LOG"), "warn flag");
    assert_eq!(line("AIGW_MAX_ATTEMPTS"), "2 environment");
    assert_eq!(line("AIGW_DRAIN_SECONDS"), "9 .env");
    assert_eq!(line("XAI_API_KEY"), "(set, not shown) .env");
    assert_eq!(line("AIGW_AUTH"), "required default");
    assert!(!text.contains("s3cret"));
    assert!(!dir.path().join("data").exists());
}

#[test]
fn exit_codes_say_whether_to_try_again() {
    let dir = tempfile::tempdir().unwrap();
    for (args, env, code, says) in [
        (&["--no-such-flag"][..], &[][..], 2, "--no-such-flag"),
        (&["keys"], &[], 2, "create"),
        (&["keys", "list"], &[("AIGW_AUHT", "off")], 2, "did you mean AIGW_AUTH?"),
        (&["keys", "list"], &[("DATABASE_URL", "postgres://me:s3cret@db:s3cret/x")], 2, "DATABASE_URL"),
        (&["keys", "list"], &[("DATABASE_URL", "postgres://me:s3cret@127.0.0.1:1/x")], 1, "not available"),
        (&["check-config"], &[("AIGW_DATA_DIR", "/proc/x")], 1, "data directory /proc/x"),
        (&["--help"], &[], 0, ""),
        (&["--version"], &[], 0, ""),
    ] {
        let output = gateway(dir.path(), args, env);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", err(&output));
        assert!(err(&output).contains(says), "{args:?}: {}", err(&output));
        assert!(!err(&output).contains("s3cret") && !out(&output).contains("s3cret"), "{args:?}");
    }
}

#[test]
fn a_wrong_catalog_file_is_found_before_anything_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let env = [("AIGW_CATALOG_FILE", "models.json")];
    for (file, wanted) in [
        (None, "No such file"),
        (Some(r#"{"models": [{"provider": "google", "name": "x", "price": 1}]}"#), "models[0] (google/x): price:"),
        (Some(r#"{"models": [{"provider": "gogle", "name": "x"}]}"#), "models (gogle/x): provider:"),
    ] {
        if let Some(text) = file {
            std::fs::write(dir.path().join("models.json"), text).unwrap();
        }
        for command in ["check-config", "serve"] {
            let output = gateway(dir.path(), &[command], &env);
            assert_eq!(output.status.code(), Some(1), "{command}: {}", err(&output));
            let said = err(&output);
            assert!(said.contains("models.json") && said.contains(wanted), "{command}: {said}");
        }
    }
    std::fs::write(dir.path().join("models.json"), r#"{"models": []}"#).unwrap();
    let output = gateway(dir.path(), &["check-config"], &env);
    assert!(
        output.status.success() && out(&output).contains("ok      catalog file models.json is right"),
        "{}",
        out(&output)
    );
}
