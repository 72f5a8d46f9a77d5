use clap::{CommandFactory as _, Parser as _};

use super::{
    args::{Args, Command, KeysCommand, lifetime},
    output::{columns, timestamp},
};
use crate::config::SETTINGS;

#[test]
fn the_command_line_is_consistent() {
    Args::command().debug_assert();
}

#[test]
fn every_setting_with_a_flag_is_in_the_help() {
    let help = Args::command().render_long_help().to_string();
    for setting in SETTINGS {
        match setting.flag {
            Some(flag) => assert!(help.contains(&format!("--{flag} ")), "{flag}"),
            None => assert!(!help.contains(&format!("[env: {}]", setting.name)), "{}", setting.name),
        }
    }
    let short = Args::command().render_help().to_string();
    assert!(short.contains("First steps") && short.contains("--grpc-addr") && !short.contains("--drain-seconds"));
}

#[test]
fn flags_may_stand_before_or_after_the_command() {
    for line in [
        &["x", "--grpc-addr", "127.0.0.1:1", "keys", "list"][..],
        &["x", "keys", "list", "--grpc-addr=127.0.0.1:1"],
        &["x", "keys", "--grpc-addr", "127.0.0.1:1", "list"],
    ] {
        let args = Args::try_parse_from(line).unwrap();
        assert_eq!(args.settings.0.get("AIGW_GRPC_ADDR"), Some("127.0.0.1:1"), "{line:?}");
        assert_eq!(args.settings.0.get("AIGW_EDGE_ADDR"), None);
        assert!(matches!(args.command, Some(Command::Keys { command: KeysCommand::List { json: false } })));
    }
}

#[test]
fn lifetimes_are_read() {
    for (text, seconds) in [("30d", 2_592_000), ("12h", 43_200), ("45m", 2_700), ("90s", 90)] {
        assert_eq!(lifetime(text).unwrap().as_secs(), seconds);
    }
    for bad in ["", "30", "d", "-1d", "0d", "1y", "1é"] {
        assert!(lifetime(bad).is_err(), "{bad}");
    }
}

#[test]
fn times_are_written() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"),
        (1_795_395_723_999, "2026-11-23T01:02:03Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(timestamp(ms), text);
    }
}

#[test]
fn columns_are_aligned() {
    let rows = [vec!["é".to_owned(), "b".to_owned()], vec!["long".to_owned(), "c".to_owned()]];
    assert_eq!(columns(&rows), "é     b\nlong  c\n");
}
