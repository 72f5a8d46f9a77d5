//! The entries of the activity log about what requests found out about keys.

use std::time::{Duration, UNIX_EPOCH};

use crate::{
    activity::entry,
    domain::{
        activity::{Action, ActivityEntry},
        failure::FailureClass,
        happening::{Happening, KeyRef},
        health::{Health, KeyState},
    },
};

/// The end of the year 9999, after which dates cannot be written.
const LAST_SECOND: u64 = 253_402_300_799;

pub fn rested(happening: &Happening, key: &KeyRef, health: &Health) -> ActivityEntry {
    let next = match (health.state, health.until_ms) {
        (KeyState::Active, _) => String::new(),
        (KeyState::Cooling | KeyState::QuotaExhausted, Some(until)) => format!("It rests until {}.", date(until)),
        (KeyState::Invalid, Some(until)) => format!("The gateway tries it again at {}.", date(until)),
        (KeyState::Cooling | KeyState::QuotaExhausted | KeyState::Invalid, None) => {
            "The gateway does not try it again by itself.".to_owned()
        }
    };
    let message = format!("{} {next}", health.reason);
    ActivityEntry { failure: health.class, ..tried(Action::Error, happening, key, message.trim()) }
}

pub fn recovered(happening: &Happening, key: &KeyRef) -> ActivityEntry {
    about(Action::Recovered, happening, key, "It works again.")
}

pub fn failed_over(happening: &Happening, from: &KeyRef, to: &KeyRef, class: FailureClass) -> ActivityEntry {
    let message = format!(
        r#"A request left "{}", which had failed ({}), and succeeded with "{}"."#,
        from.name,
        class.name(),
        to.name
    );
    ActivityEntry {
        next_provider_key_id: to.id.clone(),
        next_provider_key_name: to.name.clone(),
        failure: Some(class),
        ..tried(Action::Failover, happening, from, message)
    }
}

pub fn unselected(happening: &Happening, from: &KeyRef, to: &KeyRef) -> ActivityEntry {
    about(Action::Unselect, happening, from, format!(r#"Unselected by failover to "{}"."#, to.name))
}

pub fn selected(happening: &Happening, from: &KeyRef, to: &KeyRef) -> ActivityEntry {
    about(Action::Select, happening, to, format!(r#"Selected by failover from "{}"."#, from.name))
}

pub fn exhausted(happening: &Happening, retry_ms: Option<i64>) -> ActivityEntry {
    let next = match retry_ms {
        Some(ms) => format!("One can be tried in {} s.", ms.max(0).saturating_add(999) / 1000),
        None => "None comes back by itself: test them or replace their secrets.".to_owned(),
    };
    let attempts = happening.attempts.clone();
    let message = format!("No key of the provider could be used. {next}");
    ActivityEntry { message, attempts, ..begun(Action::FailoverExhausted, happening) }
}

pub fn failed(happening: &Happening, key: &KeyRef, class: FailureClass, message: &str) -> ActivityEntry {
    let message = format!("A request ended in an error ({}): {message}", class.name());
    ActivityEntry { failure: Some(class), ..tried(Action::Error, happening, key, message) }
}

fn tried(action: Action, happening: &Happening, key: &KeyRef, message: impl Into<String>) -> ActivityEntry {
    ActivityEntry { attempts: happening.attempts.clone(), ..about(action, happening, key, message) }
}

fn about(action: Action, happening: &Happening, key: &KeyRef, message: impl Into<String>) -> ActivityEntry {
    ActivityEntry {
        provider_key_id: key.id.clone(),
        provider_key_name: key.name.clone(),
        message: message.into(),
        ..begun(action, happening)
    }
}

fn begun(action: Action, happening: &Happening) -> ActivityEntry {
    let caller = happening.caller.as_ref();
    ActivityEntry {
        gateway_key_id: caller.map(|caller| caller.key_id.clone()).unwrap_or_default(),
        gateway_key_name: caller.map(|caller| caller.key_name.clone()).unwrap_or_default(),
        model_id: happening.model_id.clone(),
        request_id: happening.request_id.clone(),
        ..entry(action, &happening.user_id, &happening.provider, happening.at_ms)
    }
}

fn date(ms: i64) -> String {
    let seconds = (ms.max(0).unsigned_abs() / 1000).min(LAST_SECOND);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}
