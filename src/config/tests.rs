use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;
use crate::providers::openai::{Dialect, vendors::vendor};

/// Files and variables of one case. `env` and `flags` are `NAME=value`.
#[derive(Default)]
struct Case<'a> {
    flags: &'a [(&'static str, &'a str)],
    env: &'a [(&'a str, &'a str)],
    dotenv: &'a str,
    yaml: &'a str,
}

impl Case<'_> {
    fn load_in(&self, dir: &Path) -> Result<Loaded, ConfigError> {
        let mut inputs = Inputs { dotenv: Some(dir.join(".env")), ..Inputs::default() };
        for (name, value) in self.flags {
            inputs.flags.set(name, *value);
        }
        inputs.env = self.env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        if !self.dotenv.is_empty() {
            std::fs::write(dir.join(".env"), self.dotenv).unwrap();
        }
        if !self.yaml.is_empty() {
            let path = dir.join("gateway.yaml");
            std::fs::write(&path, self.yaml).unwrap();
            inputs.env.push(("AIGW_CONFIG".to_owned(), path.display().to_string()));
        }
        load(inputs)
    }

    fn load(&self) -> Loaded {
        self.load_in(tempfile::tempdir().unwrap().path()).unwrap()
    }

    /// Problems without the folder of the test.
    fn problems(&self) -> String {
        let dir = tempfile::tempdir().unwrap();
        let error = self.load_in(dir.path()).unwrap_err();
        error.to_string().replace(&format!("{}/", dir.path().display()), "")
    }
}

fn env<'a>(env: &'a [(&'a str, &'a str)]) -> Case<'a> {
    Case { env, ..Case::default() }
}

fn yaml(yaml: &str) -> Case<'_> {
    Case { yaml, ..Case::default() }
}

#[test]
fn every_default_is_valid() {
    let settings = Case::default().load().settings;
    assert_eq!(settings.listen.grpc_addr.to_string(), "127.0.0.1:50051");
    assert_eq!(settings.auth, Auth::Required);
    assert_eq!(settings.database_url.expose_secret(), "sqlite://./data/gateway.db");
    assert_eq!(settings.limits.max_message_bytes, 32 << 20);
    assert_eq!(settings.limits.upstream_max_event_bytes, 16 << 20);
    assert_eq!(settings.timeouts.request.as_secs(), 600);
    assert!(matches!(settings.master_key, MasterKey::Generated(_)));
}

#[test]
fn the_table_has_each_name_once() {
    let all = |name: fn(&Setting) -> Option<&'static str>| {
        let mut names: Vec<_> = SETTINGS.iter().filter_map(name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    };
    all(|s| Some(s.name));
    all(|s| s.flag);
    all(|s| s.yaml);
    assert!(SETTINGS.iter().all(|s| s.shown != Shown::Never || s.flag.is_none()), "command lines are not secret");
}

#[test]
fn sources_take_precedence_in_order() {
    let name = "AIGW_LOG";
    let flags: &[(&'static str, &str)] = &[(name, "error")];
    let env: &[(&str, &str)] = &[(name, "warn")];
    let (dotenv, yaml) = ("AIGW_LOG=debug\n", "log:\n  filter: trace\n");
    let empty: &[(&str, &str)] = &[(name, "")];
    for (case, value, origin) in [
        (Case { flags, env, dotenv, yaml }, "error", "flag"),
        (Case { flags: &[], env, dotenv, yaml }, "warn", "environment"),
        (Case { flags: &[], env: &[], dotenv, yaml }, "debug", ".env"),
        (Case { flags: &[], env: empty, dotenv, yaml }, "debug", ".env"),
        (Case { flags: &[], env: &[], dotenv: "AIGW_LOG=\n", yaml }, "trace", "gateway.yaml:2:11"),
        (Case::default(), "info", "default"),
    ] {
        let loaded = case.load();
        assert_eq!(loaded.settings.log.filter, value);
        let line = loaded.report.iter().find(|line| line.name == name).unwrap();
        assert!(line.origin.to_string().ends_with(origin), "{} from {}", line.value, line.origin);
    }
}

#[test]
fn wrong_settings_are_refused_with_a_way_out() {
    for (case, wanted) in [
        (
            env(&[("AIGW_GRPC_ADR", "x")]),
            "AIGW_GRPC_ADR (environment): there is no such setting; did you mean AIGW_GRPC_ADDR?",
        ),
        (
            Case { dotenv: "AIGW_MAX_ATEMPTS=1\n", ..Case::default() },
            "AIGW_MAX_ATEMPTS (.env): there is no such setting; did you mean AIGW_MAX_ATTEMPTS?",
        ),
        (
            env(&[("AIGW_GRPC_ADDR", "6161")]),
            "AIGW_GRPC_ADDR (environment): `6161` is no address; write one such as 127.0.0.1:6161 or 0.0.0.0:6161",
        ),
        (
            env(&[("AIGW_AUTH", "off"), ("AIGW_EDGE_ADDR", "0.0.0.0:6161")]),
            "AIGW_EDGE_ADDR (environment): 0.0.0.0:6161 can be reached from other machines while AIGW_AUTH is off; \
             listen on 127.0.0.1, or set AIGW_AUTH=required",
        ),
        (
            Case { flags: &[("AIGW_MAX_ATTEMPTS", "0")], ..Case::default() },
            "--max-attempts: `0` is no whole number of at least 1",
        ),
        (
            env(&[("XAI_API_BASE_URL", "http://api.x.ai/v1")]),
            "XAI_API_BASE_URL (environment): plain http is allowed for this machine only; use https, or set \
             AIGW_ALLOW_INSECURE_UPSTREAMS=true to send keys and prompts readable",
        ),
        (
            env(&[("AIGW_MASTER_KEY", "s3cret")]),
            "AIGW_MASTER_KEY (environment): it must be 32 bytes in url-safe base64",
        ),
        (
            env(&[("AIGW_BOOTSTRAP_KEY", "s3cret s3cret")]),
            "AIGW_BOOTSTRAP_KEY (environment): a gateway key has visible",
        ),
        (env(&[("DATABASE_URL", "mysql://me:s3cret@x")]), "DATABASE_URL (environment): write sqlite://path/to/file or"),
        (env(&[("AIGW_CONFIG", "/none.yaml")]), "/none.yaml: cannot be read: No such file or directory (os error 2)"),
        (Case { dotenv: "# keys\nXAI_API_KEY=s3cret s3cret\n", ..Case::default() }, ".env:2: this line cannot be read"),
        (
            yaml("limits:\n  max_atempts: 3\n"),
            "gateway.yaml:2:3: there is no setting `limits.max_atempts`; did you mean max_attempts?",
        ),
        (yaml("provider: []\n"), "gateway.yaml:1:1: there is no setting `provider`; did you mean providers?"),
        (yaml("limits: 3\n"), "gateway.yaml:1:9: limits must be a map, not a number"),
        (yaml("log:\n  filter: [\n"), "gateway.yaml:2:11: unclosed bracket"),
        (yaml("limits:\n  max_attempts: many\n"), "gateway.yaml:2:17 (AIGW_MAX_ATTEMPTS): `many` is no whole number"),
        (yaml("xai:\n  api_key: 1e30\n"), "gateway.yaml:2:12: put quotes around this secret: it looks like a number"),
        (yaml("xai:\n  api_key: ${NOT_SET}\n"), "gateway.yaml:2:12: NOT_SET is not set; set it, or write ${NOT_SET:-}"),
    ] {
        let problems = case.problems();
        assert!(problems.starts_with(wanted), "\nwanted {wanted}\n   got {problems}");
        assert!(!problems.contains("s3cret"), "{problems}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = env(&[("AIGW_AUTH", "maybe"), ("AIGW_DRAIN_SECONDS", "1m"), ("AIGW_X", "1")]).problems();
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn names_of_others_are_let_by() {
    env(&[
        ("AIGW_PORT", "tcp://10.0.0.1:6161"),
        ("AIGW_SERVICE_HOST", "10.0.0.1"),
        ("AIGW_KEY", "sk-x"),
        ("AIGW_ADDR", "gateway:50051"),
        ("GATEWAY_PORT", "x"),
    ])
    .load();
}

#[test]
fn loopback_needs_neither_tls_nor_authentication() {
    let loaded = env(&[
        ("AIGW_AUTH", "off"),
        ("AIGW_EDGE_ADDR", "[::1]:6161"),
        ("AIGW_GRPC_ADDR", "localhost:0"),
        ("XAI_API_BASE_URL", "http://127.0.0.1:8080/v1/"),
    ])
    .load();
    assert_eq!(loaded.settings.auth, Auth::Off);
    assert_eq!(loaded.settings.upstreams.xai.base_url, "http://127.0.0.1:8080/v1");
}

const PROVIDERS: &str = "\
providers:
  - name: groq
    base_url: https://api.groq.com/openai/v1
    api_key: ${GROQ_API_KEY}
    dialect: { max_tokens: max_completion_tokens, strict_tools: false, top_p_min: 0.1 }
    models: [llama-3.3-70b]
    default_model: ${GROQ_MODEL:-llama-3.3-70b}
    headers:
      X-Org: $$5-${file:FILE}
  - name: ollama
    base_url: http://localhost:11434/v1
    auth: none
  - { name: mine, base_url: 'https://x.example/v1', auth: 'header:api-key' }
";

#[test]
fn providers_are_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("org"), "acme\n").unwrap();
    let text = PROVIDERS.replace("FILE", &dir.path().join("org").display().to_string());
    let case = Case { yaml: &text, dotenv: "GROQ_API_KEY=gsk-1\n", ..Case::default() };
    let providers = case.load_in(dir.path()).unwrap().settings.providers;
    let [groq, ollama, mine] = &providers[..] else { panic!("{providers:?}") };
    assert_eq!(groq.api_key.as_ref().unwrap().expose_secret(), "gsk-1");
    let row = &vendor("groq").unwrap().dialect;
    assert_eq!(groq.dialect, Dialect { strict_tools: false, top_p_min: 0.1, ..row.clone() });
    assert_eq!(groq.default_model.as_deref(), Some("llama-3.3-70b"));
    assert_eq!((groq.headers[0].0.as_str(), groq.headers[0].1.expose_secret()), ("x-org", "$5-acme"));
    assert_eq!((&ollama.auth, ollama.api_key.is_none()), (&ProviderAuth::None, true));
    assert_eq!((&mine.auth, &mine.dialect), (&ProviderAuth::Header("api-key".parse().unwrap()), &Dialect::GENERIC));
}

#[test]
fn presets_fill_in_the_rest() {
    let keys: &[(&str, &str)] = &[
        ("GROQ_API_KEY", "gsk-1"),
        ("AZURE_OPENAI_API_KEY", "az-1"),
        ("OPENAI_API_KEY", "sk-1"),
        ("VLLM_API_KEY", "v"),
    ];
    let read = |fields: &str| {
        let text = format!("providers:\n  - {{ {fields} }}\n");
        let case = Case { yaml: &text, env: keys, ..Case::default() };
        case.load().settings.providers.remove(0)
    };
    let bearer = || ProviderAuth::Bearer;
    let header = |name: &str| ProviderAuth::Header(name.parse().unwrap());
    for (fields, base_url, key, auth) in [
        ("name: groq", "https://api.groq.com/openai/v1", Some("gsk-1"), bearer()),
        ("name: fast, preset: groq", "https://api.groq.com/openai/v1", Some("gsk-1"), bearer()),
        ("name: groq, api_key: gsk-2", "https://api.groq.com/openai/v1", Some("gsk-2"), bearer()),
        ("name: openai, base_url: 'https://x.example/v1'", "https://x.example/v1", None, bearer()),
        ("name: a, preset: openai, base_url: 'https://x.example/v1'", "https://x.example/v1", Some("sk-1"), bearer()),
        ("name: groq, preset: none, base_url: 'https://x.example'", "https://x.example", None, bearer()),
        ("name: azure, base_url: 'https://r.example/openai/'", "https://r.example", Some("az-1"), header("api-key")),
        ("name: ollama", "http://localhost:11434/v1", None, ProviderAuth::None),
        ("name: vllm", "http://localhost:8000/v1", Some("v"), bearer()),
        ("name: ollama, api_key: k", "http://localhost:11434/v1", Some("k"), bearer()),
        ("name: c, format: anthropic, base_url: 'https://x.example'", "https://x.example", None, header("x-api-key")),
        ("name: g, format: gemini, base_url: 'https://x.example'", "https://x.example", None, header("x-goog-api-key")),
        ("name: h, format: gemini, base_url: 'https://x/v1beta/'", "https://x", None, header("x-goog-api-key")),
        ("name: groq, format: gemini, base_url: 'https://x'", "https://x", None, header("x-goog-api-key")),
        ("name: g, format: gemini, base_url: 'https://x', auth: bearer", "https://x", None, bearer()),
    ] {
        let entry = read(fields);
        let given = (entry.base_url.as_str(), entry.api_key.as_ref().map(|key| key.expose_secret()), entry.auth);
        assert_eq!(given, (base_url, key, auth), "{fields}");
    }
    assert_eq!(read("name: a, base_url: 'https://x'").format, ProviderFormat::OpenAi);
    assert_eq!(read("name: a, format: anthropic, base_url: 'https://x'").format, ProviderFormat::Anthropic);
    let title = |fields: &str| -> Vec<String> {
        read(fields).headers.into_iter().map(|(_, value)| value.expose_secret().to_owned()).collect()
    };
    assert_eq!(title("name: openrouter"), vec!["AI Model Gateway".to_owned()]);
    assert_eq!(title("name: openrouter, headers: { X-Title: mine }"), vec!["mine".to_owned()]);
    let deployments =
        read("name: azure, base_url: 'https://r.example', dialect: { api_version: '2025-04-01-preview' }");
    assert_eq!(deployments.dialect.api_version, "2025-04-01-preview");
}

#[test]
fn wrong_providers_are_refused() {
    for (fields, wanted) in [
        ("name: x", "gateway.yaml:2:5: this provider has no base_url"),
        ("base_url: https://x", "gateway.yaml:2:5: this provider has no name"),
        ("nmae: x", "gateway.yaml:2:5: a provider has no field `nmae`; did you mean name?"),
        ("name: google", "gateway.yaml:2:11: name: google is a provider of the gateway itself"),
        ("name: A b", "gateway.yaml:2:11: name: a name has small letters"),
        ("base_url: http://10.0.0.1", "gateway.yaml:2:15: base_url: plain http is allowed for this machine only"),
        ("base_url: https://me:s3cret@x", "gateway.yaml:2:15: base_url: a base URL holds no user"),
        ("auth: basic", "gateway.yaml:2:11: auth: write bearer, none or header:<name>"),
        ("models: x", "gateway.yaml:2:13: models: it must be a list of model names, not text"),
        ("just text", "gateway.yaml:2:5: a provider must be a map with a name"),
        ("name: azure", "gateway.yaml:2:5: this provider has no base_url"),
        ("preset: grok", "gateway.yaml:2:13: preset: there is no preset `grok`; did you mean groq?"),
        ("format: cohere", "gateway.yaml:2:13: format: write openai, anthropic or gemini"),
        ("{ name: groq, dialect: { colour: 1 } }", "gateway.yaml:2:5: dialect: unknown field `colour`"),
        ("{ name: groq, dialect: { choices: many } }", "gateway.yaml:2:5: dialect: unknown variant `many`"),
        ("{ name: a, format: gemini, preset: groq }", "gateway.yaml:2:5: preset and dialect are for the format openai"),
    ] {
        let problems = yaml(&format!("providers:\n  - {fields}\n")).problems();
        assert!(problems.starts_with(wanted) && !problems.contains("s3cret"), "\nwanted {wanted}\n   got {problems}");
    }
    let twice = "providers:\n  - { name: a, base_url: 'https://x' }\n  - { name: a, base_url: 'https://y' }\n";
    assert_eq!(yaml(twice).problems(), "gateway.yaml:3:5: there are two providers named a");
}

#[test]
fn nothing_printed_holds_a_secret() {
    let master = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAs3crec";
    let loaded = Case {
        env: &[
            ("AIGW_BOOTSTRAP_KEY", "s3cret"),
            ("AIGW_MASTER_KEY", master),
            ("XAI_API_KEY", "s3cret"),
            ("GIGACHAT_AUTH_KEY", "s3cret"),
            ("DATABASE_URL", "postgres://me:s3cret@db.example/gateway?options=s3cret"),
        ],
        yaml: "providers:\n  - { name: a, base_url: 'https://x', api_key: s3cret, headers: { x-a: s3cret } }\n",
        ..Case::default()
    }
    .load();
    let text = format!("{loaded:#?}");
    assert!(!text.contains("s3cre"), "{text}");
    let database = loaded.report.iter().find(|line| line.name == "DATABASE_URL").unwrap();
    assert_eq!(database.value, "postgres://…@db.example/gateway");
}

#[test]
fn sizes_and_times_are_read() {
    for (name, good, bad) in [
        (
            "AIGW_MAX_MESSAGE_BYTES",
            &["1024", "64 KiB", "4M", "1GiB", "33_554_432"][..],
            &["1", "4GiB", "1TB", "-1"][..],
        ),
        ("AIGW_DRAIN_SECONDS", &["0", "0.5", "30"], &["30s", "-1", "NaN", "1e9"]),
        ("AIGW_REQUEST_TIMEOUT_SECONDS", &["1"], &["0"]),
        ("AIGW_CORS_ORIGINS", &["*", "https://a.example, http://localhost:5173/"], &["a.example", "https://a/b"]),
        ("AIGW_ALLOW_INSECURE_UPSTREAMS", &["true", "0", "off"], &["maybe"]),
        ("GIGACHAT_MAX_CONCURRENT", &["1", "50"], &["0", "many"]),
        ("PERPLEXITY_API", &["agent", "sonar"], &["search"]),
        ("XAI_API", &["mixed", "responses"], &["chat"]),
        ("GEMINI_SAFETY_THRESHOLD", &["OFF", "BLOCK_NONE", "block_only_high"], &["none"]),
        (
            "AIGW_FETCH_REMOTE_MEDIA_HOSTS",
            &["*", "example.com", "*.example.com, img.example.org:8443"],
            &["localhost", "https://example.com", "*.com:0", "a.*.com", "example.com/x", "*example.com", "a.b:99999"],
        ),
    ] {
        good.iter().for_each(|value| drop(env(&[(name, value)]).load()));
        bad.iter().for_each(|value| drop(env(&[(name, value)]).problems()));
    }
}

#[test]
fn a_provider_knows_what_its_keys_are_for() {
    let gigachat = |vars: &[(&str, &str)]| env(vars).load().settings.upstreams.gigachat;
    for (vars, want) in [
        (&[][..], 1),
        (&[("GIGACHAT_SCOPE", "GIGACHAT_API_CORP")], 10),
        (&[("GIGACHAT_SCOPE", "GIGACHAT_API_B2B"), ("GIGACHAT_MAX_CONCURRENT", "3")], 3),
    ] {
        assert_eq!(gigachat(vars).max_concurrent, Some(want), "{vars:?}");
    }
    let files = [("GIGACHAT_CA_FILE", "ca.pem"), ("GIGACHAT_CERT_FILE", "c.pem"), ("GIGACHAT_KEY_FILE", "k.pem")];
    assert_eq!(gigachat(&files).files().count(), 3);
    for (name, wanted) in [
        ("GIGACHAT_CERT_FILE", "GIGACHAT_CERT_FILE (environment): a certificate needs its key: set GIGACHAT_KEY_FILE"),
        ("GIGACHAT_KEY_FILE", "GIGACHAT_KEY_FILE (environment): a key needs its certificate: set GIGACHAT_CERT_FILE"),
    ] {
        assert_eq!(env(&[(name, "x.pem")]).problems(), wanted);
    }
}

const BEGIN: &str = "<!-- settings: written from src/config/table.rs, checked by a test -->\n";
const END: &str = "<!-- end of settings -->";

#[test]
fn the_manual_has_the_same_table() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    let (_, rest) = manual.split_once(BEGIN).unwrap();
    let (table, _) = rest.split_once(END).unwrap();
    let wanted = format!("\n{}", markdown_table());
    assert!(table == wanted, "put this between the marks of docs/configuration.md:\n{wanted}");
}

#[test]
fn the_example_names_real_settings() {
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example")).unwrap();
    let names = example.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    for (name, _) in names.filter(|(name, _)| !name.contains(' ')) {
        assert!(SETTINGS.iter().any(|s| s.name == name), "{name} in .env.example");
    }
}
