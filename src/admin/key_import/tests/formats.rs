//! What each format says, row by row.

use super::*;

/// Writes a row as `line origin secret name quota_owner parameters`, with `-` for what it has not, or its problem.
fn shown(row: &Row) -> String {
    if let Some(problem) = row.problem {
        return format!("{} ! {problem}", row.line);
    }
    let origin = match &row.origin {
        Origin::Unnamed => "-".to_owned(),
        Origin::Provider(name) => name.clone(),
        Origin::VariableOf(provider) => format!("${provider}"),
        Origin::Variable(name) => format!("${name}?"),
    };
    let word = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let parameters: Vec<_> = row.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let texts = [&row.secret, &row.name, &row.quota_owner, &parameters.join(",")].map(|text| word(text));
    format!("{} {origin} {}", row.line, texts.join(" "))
}

fn check(format: Format, cases: &[(&str, &str, &[&str])]) {
    for (name, text, want) in cases {
        let rows = parse(text.as_bytes(), Some(format), &kinds()).unwrap_or_else(|e| panic!("{name}: {}", e.message));
        assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), *want, "{name}");
    }
}

#[test]
fn csv() {
    const NOT_CLOSED: &str = "2 ! A quotation mark is not closed.";
    const BEHIND: &str = "2 ! Text follows a quotation mark; inside of quoted text, write two of them.";
    const MORE: &str = "2 ! The row has more fields than the header; put quotation marks around a field with commas.";
    check(
        Format::Csv,
        &[
            ("plain", "provider,secret\nxai,k1\ngoogle,k2\n", &["2 xai k1 - - -", "3 google k2 - - -"]),
            ("any order", "quota_owner,name,secret,provider\nq,n,k,xai", &["2 xai k n q -"]),
            ("aliases", "Label, API_KEY ,Provider_Name,more\nn,k,xai,x", &["2 xai k n - -"]),
            ("key", "key\nk1\n\nk2", &["2 - k1 - - -", "4 - k2 - - -"]),
            (
                "windows",
                "\u{feff}provider,secret\r\nxai,k1\r\n\r\ngoogle,k2\r\n",
                &["2 xai k1 - - -", "4 google k2 - - -"],
            ),
            (
                "windows, quoted",
                "provider,secret\r\n\"xai\",\"k1\"\r\nxai,\"k2\"\r\n",
                &["2 xai k1 - - -", "3 xai k2 - - -"],
            ),
            ("quoted", "secret,name\n\"k\",\"a, \"\"b\"\"\"\n", &["2 - k a, \"b\" - -"]),
            ("two lines", "secret,name\nk1,\"a\nb\"\nk2,c", &["2 - k1 a\nb - -", "4 - k2 c - -"]),
            ("space", "secret , name\n  k1 , \"n\" \n", &["2 - k1 n - -"]),
            ("semicolons", "provider;secret\nxai;k1", &["2 xai k1 - - -"]),
            ("tabs", "provider\tsecret\nxai\tk1", &["2 xai k1 - - -"]),
            ("blank first", "\n\nsecret\nk", &["4 - k - - -"]),
            ("empty rows", "provider,secret\n,\n , \n\"\",\"\"\nxai,k", &["5 xai k - - -"]),
            ("no secret", "provider,secret\nxai\nxai,", &["2 xai - - - -", "3 xai - - - -"]),
            ("open quote", "provider,secret\nxai,\"k1\nxai,k2\n", &[NOT_CLOSED, "3 xai k2 - - -"]),
            ("open quotes", "provider,secret\nxai,\"k1\nxai,\"k2\"\n", &[BEHIND, "3 xai k2 - - -"]),
            ("text behind", "provider,secret\nxai,\"k1\"x\nxai,k2", &[BEHIND, "3 xai k2 - - -"]),
            ("too many", "provider,secret\nxai,k1,x\nxai,k2,", &[MORE, "3 xai k2 - - -"]),
            ("header alone", "provider,secret", &[]),
            ("words", "Provider Name,API-Key,keyName\nxai,k,n", &["2 xai k n - -"]),
            ("token", "token;provider\nk;xai", &["2 xai k - - -"]),
            ("no header", "XAI,k1\ngoogle,k2,n,q", &["1 XAI k1 - - -", "2 google k2 n q -"]),
            ("delimiter told", "sep=;\r\nprovider;secret\r\nxai;k", &["3 xai k - - -"]),
            ("comments", "# mine\nprovider,secret\n# old, too\nxai,k", &["4 xai k - - -"]),
            ("no comment", "name,secret,provider\n#1,k,xai", &["2 xai k #1 - -"]),
        ],
    );
}

#[test]
fn env() {
    const NOT_CLOSED: &str = "1 ! The quotation mark before the value is not closed, or text follows the closing one.";
    const NO_ASSIGNMENT: &str = "1 ! The line is no assignment; write NAME=secret.";
    check(
        Format::Env,
        &[
            ("plain", "XAI_API_KEY=k1\nGEMINI_API_KEY=k2", &["1 $xai k1 - - -", "2 $google k2 - - -"]),
            ("numbers", "XAI_API_KEY_2=k1\nXAI_API_KEY3=k2", &["1 $xai k1 - - -", "2 $xai k2 - - -"]),
            ("export", "export XAI_API_KEY=k1\n  export  XAI_API_KEY = k2 ", &["1 $xai k1 - - -", "2 $xai k2 - - -"]),
            ("shells", "export\tXAI_API_KEY=k1\nset XAI_API_KEY=k2", &["1 $xai k1 - - -", "2 $xai k2 - - -"]),
            ("plural", "XAI_API_KEYS=k1,k2", &["1 $xai k1 - - -", "1 $xai k2 - - -"]),
            ("several", "XAI_API_KEY=k1, k2,,k3\n", &["1 $xai k1 - - -", "1 $xai k2 - - -", "1 $xai k3 - - -"]),
            (
                "quotes",
                "XAI_API_KEY=\"k\\\"1\" # x\nXAI_API_KEY='k\\2,k3'\r\n",
                &["1 $xai k\"1 - - -", "2 $xai k\\2 - - -", "2 $xai k3 - - -"],
            ),
            ("comments", "# x\n\nXAI_API_KEY=k#1 # x\nXAI_API_KEY=#x\n  # y", &["3 $xai k#1 - - -"]),
            ("nothing", "XAI_API_KEY=\nXAI_API_KEY=''\nDEBUG=\n", &[]),
            ("others", "DATABASE_URL=postgres://a:b@c\nDEBUG=1", &["1 $DATABASE_URL? - - - -", "2 $DEBUG? - - - -"]),
            ("over lines", "CERT=\"a\nXAI_API_KEY=b\"\nXAI_API_KEY=k", &["1 $CERT? - - - -", "3 $xai k - - -"]),
            ("open quote", "XAI_API_KEY=\"k1\nXAI_API_KEY=k2", &[NOT_CLOSED, "2 $xai k2 - - -"]),
            ("open quotes", "XAI_API_KEY='k1\nXAI_API_KEY='k2'", &[NOT_CLOSED, "2 $xai k2 - - -"]),
            ("text behind", "XAI_API_KEY=\"k1\"x\n", &[NOT_CLOSED]),
            ("no assignment", "secret\nXAI_API_KEY=k", &[NO_ASSIGNMENT, "2 $xai k - - -"]),
            (
                "no name",
                "9A=k\n=k\na b=k",
                &[
                    NO_ASSIGNMENT,
                    "2 ! The line is no assignment; write NAME=secret.",
                    "3 ! The line is no assignment; write NAME=secret.",
                ],
            ),
        ],
    );
}

#[test]
fn json() {
    const BROKEN: &str = "The JSON cannot be read from here on.";
    check(
        Format::Json,
        &[
            ("plain", r#"[{"provider":"xai","secret":"k1"}]"#, &["1 xai k1 - - -"]),
            ("lines", "\u{feff}\n[\n {\n\"key\":\"k1\"},\n\n {\"key\":\"k2\"}]\n", &["3 - k1 - - -", "6 - k2 - - -"]),
            (
                "all",
                r#"[{"label":" n ","quota_owner":"q","api_key":"k","provider_name":"sber","parameters":{"scope":"ONE"}}]"#,
                &["1 sber k n q scope=ONE"],
            ),
            (
                "absent",
                r#"[{"provider":null,"secret":"k","parameters":null,"more":[{}]},{}]"#,
                &["1 - k - - -", "1 - - - - -"],
            ),
            (
                "wrong kinds",
                "[{\"secret\":5},\n7,\n[],\n{\"parameters\":{\"a\":1}},\n{\"secret\":\"k\"}]",
                &[
                    "1 ! A member that must be text is something else.",
                    "2 ! The item is neither an object nor a secret in quotation marks.",
                    "3 ! The item is neither an object nor a secret in quotation marks.",
                    "4 ! `parameters` must be an object with texts.",
                    "5 - k - - -",
                ],
            ),
            ("cut", "[{\"secret\":\"k1\"},\n{\"secret\":\"k2\"", &["1 - k1 - - -", &format!("2 ! {BROKEN}")]),
            ("broken", "[{\"secret\":\"k1\"},\n\n{secret}]", &["1 - k1 - - -", &format!("3 ! {BROKEN}")]),
            ("more behind", "[{\"secret\":\"k1\"}]\n[]", &["1 - k1 - - -", &format!("2 ! {BROKEN}")]),
            ("nothing", "[]", &[]),
            ("secrets", "[\"k1\",\n\" k2 \"]", &["1 - k1 - - -", "2 - k2 - - -"]),
        ],
    );
}

#[test]
fn lines() {
    const MORE: &str = "The line holds more than a secret; CSV needs a first line with the names of its columns.";
    check(
        Format::Lines,
        &[
            ("plain", "k1\n\n # x\n k2 \r\nk3==", &["1 - k1 - - -", "4 - k2 - - -", "5 - k3== - - -"]),
            ("more", "nobody,k1\nk2", &[&format!("1 ! {MORE}"), "2 - k2 - - -"]),
        ],
    );
}

#[test]
fn formats_are_recognized() {
    for (text, want) in [
        ("provider,secret\nxai,k", Format::Csv),
        ("\n\"Key\";\"Label\"\nk;n", Format::Csv),
        ("key", Format::Csv),
        (" [{}]", Format::Json),
        ("{\"secret\":\"k\"}", Format::Json),
        ("# mine\nXAI_API_KEY=k", Format::Env),
        ("export FOO=bar", Format::Env),
        ("xai_api_key=k", Format::Env),
        ("k1\nk2", Format::Lines),
        ("xai,k1", Format::Csv),
        ("# x\nsep=;\nname;token", Format::Csv),
        ("acme,k1", Format::Lines),
        ("TUlJRXZn==", Format::Lines),
        ("ABCDEF=\nABCD==", Format::Lines),
        ("", Format::Lines),
    ] {
        assert_eq!(Format::of(text, &kinds()), want, "{text}");
    }
}

#[test]
fn texts_that_cannot_be_read_name_the_reason() {
    let many = "k\n".repeat(MAX_ROWS + 1);
    for (name, content, format, want) in [
        ("empty", b"".as_slice(), None, "content is required; it is empty"),
        ("blank", b"\xEF\xBB\xBF \r\n\n", None, "content is required; it is empty"),
        ("latin 1", b"k1\nk2\nk\xE9", None, "line 3 of content is not UTF-8; save it as UTF-8"),
        ("utf 16", b"\xFF\xFEk\0", None, "content is UTF-16; save it as UTF-8"),
        ("too many", many.as_bytes(), None, "content has more than 10000 rows; import it in several pieces"),
        ("no header", b"acme,k", Some(Format::Csv), "the first line of CSV must name the columns"),
        ("no array", b"{\"secret\":\"k\"}", None, "the JSON must be an array of objects"),
        ("no JSON", b"k", Some(Format::Json), "the JSON must be an array of objects"),
    ] {
        let error = parse(content, format, &kinds()).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("content"), "{name}");
        assert!(error.message.starts_with(want), "{name}: {}", error.message);
    }
    for format in Format::ALL {
        let rows: Vec<_> = match format {
            Format::Csv => {
                std::iter::once("secret".to_owned()).chain((0..=MAX_ROWS).map(|n| format!("k{n}"))).collect()
            }
            Format::Env => vec![format!("XAI_API_KEY={}", "k,".repeat(MAX_ROWS + 1))],
            Format::Json => vec![format!("[{}{{}}]", "{},".repeat(MAX_ROWS))],
            Format::Lines => vec!["k\n".repeat(MAX_ROWS + 1)],
        };
        assert!(parse(rows.join("\n").as_bytes(), Some(format), &kinds()).is_err(), "{format:?}");
    }
}
