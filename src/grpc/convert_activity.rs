//! Activity and usage: filters from the contract, entries and sums to it.

use prost_types::Timestamp;

use super::{
    convert_keys::time_to_pb,
    convert_usage::{attempt_to_pb, class_to_pb},
    paging::PageTokens,
};
use crate::{
    admin::activity_watch::Watched,
    domain::{
        activity::{Action, ActivityEntry, ActivityFilter},
        consumption::{DAY_MS, Dimensions, UsageGroup, UsageSum, start_of_day},
        error::{Error, Result},
    },
    pb::{self, watch_activity_response::Event},
};

/// Most characters of a text to find.
const MOST_TEXT: usize = 64;

pub fn filter_of(filter: Option<pb::ActivityFilter>) -> Result<ActivityFilter> {
    let filter = filter.unwrap_or_default();
    if filter.text.chars().count() > MOST_TEXT {
        return Err(Error::invalid("filter.text", format!("filter.text is longer than {MOST_TEXT} characters")));
    }
    let actions = filter.actions.iter().map(|action| action_of(*action)).collect::<Result<_>>()?;
    Ok(ActivityFilter {
        provider: filter.provider,
        actions,
        provider_key_id: filter.provider_key_id,
        gateway_key_id: filter.gateway_key_id,
        text: filter.text,
    })
}

fn action_of(action: i32) -> Result<Action> {
    let known = Action::ALL.into_iter().find(|known| i32::from(action_to_pb(*known)) == action);
    known.ok_or_else(|| {
        Error::invalid("filter.actions", "filter.actions has an unknown value").with("code", "invalid_value")
    })
}

fn action_to_pb(action: Action) -> pb::ActivityAction {
    match action {
        Action::Add => pb::ActivityAction::Add,
        Action::Delete => pb::ActivityAction::Delete,
        Action::Select => pb::ActivityAction::Select,
        Action::Unselect => pb::ActivityAction::Unselect,
        Action::Import => pb::ActivityAction::Import,
        Action::Update => pb::ActivityAction::Update,
        Action::FailoverExhausted => pb::ActivityAction::FailoverExhausted,
        Action::Recovered => pb::ActivityAction::Recovered,
        Action::Error => pb::ActivityAction::Error,
        Action::Failover => pb::ActivityAction::Failover,
    }
}

/// Returns the millisecond a time lies in. Entries know no finer time, so one that happened later in it counts as after.
pub fn millis_with(time: &Timestamp) -> i64 {
    let millis = i64::from(time.nanos).div_euclid(1_000_000);
    time.seconds.saturating_mul(1000).saturating_add(millis)
}

/// Returns the first whole millisecond that is not before a time.
pub fn millis_of(time: &Timestamp) -> i64 {
    let nanos = i64::from(time.nanos);
    let millis = nanos.div_euclid(1_000_000) + i64::from(nanos.rem_euclid(1_000_000) > 0);
    time.seconds.saturating_mul(1000).saturating_add(millis)
}

/// Returns the days that begin a period and follow it: the start rounded down, the end up.
pub fn days_of(start: Option<&Timestamp>, end: Option<&Timestamp>) -> (Option<i64>, Option<i64>) {
    // Far from where a day more would not fit.
    let near = |millis: i64| millis.clamp(i64::MIN / 2, i64::MAX / 2);
    let start = start.map(|time| start_of_day(near(millis_with(time))));
    (start, end.map(|time| start_of_day(near(millis_of(time)) + DAY_MS - 1)))
}

pub fn entry_to_pb(entry: ActivityEntry) -> pb::ActivityEntry {
    pb::ActivityEntry {
        id: entry.id,
        create_time: Some(time_to_pb(entry.created_ms)),
        action: action_to_pb(entry.action).into(),
        provider: entry.provider,
        provider_key_id: entry.provider_key_id,
        provider_key_name: entry.provider_key_name,
        next_provider_key_id: entry.next_provider_key_id,
        next_provider_key_name: entry.next_provider_key_name,
        gateway_key_id: entry.gateway_key_id,
        gateway_key_name: entry.gateway_key_name,
        model_id: entry.model_id,
        request_id: entry.request_id,
        message: entry.message,
        failure_class: entry.failure.map(|class| class_to_pb(class).into()),
        attempts: entry.attempts.into_iter().map(attempt_to_pb).collect(),
    }
}

pub fn watched_to_pb(watched: Watched, sequence: u64) -> pb::WatchActivityResponse {
    let event = match watched {
        Watched::Entry(entry) => Event::Entry(entry_to_pb(*entry)),
        Watched::Gap => Event::Gap(pb::ActivityGap { skipped_count: None }),
        Watched::Silence => Event::Heartbeat(pb::ActivityHeartbeat {}),
    };
    pb::WatchActivityResponse { sequence, event: Some(event) }
}

pub fn dimensions_of(group_by: &[i32]) -> Result<Dimensions> {
    let mut by = Dimensions::default();
    for dimension in group_by {
        match pb::UsageDimension::try_from(*dimension).unwrap_or_default() {
            pb::UsageDimension::Unspecified => {
                let message = "group_by has an unknown value";
                return Err(Error::invalid("group_by", message).with("code", "invalid_value"));
            }
            pb::UsageDimension::GatewayKey => by.gateway_key = true,
            pb::UsageDimension::Provider => by.provider = true,
            pb::UsageDimension::Model => by.model = true,
            pb::UsageDimension::Day => by.day = true,
        }
    }
    Ok(by)
}

pub fn sum_to_pb(sum: UsageSum, by: Dimensions) -> pb::UsageRow {
    let UsageSum { group, gateway_key_name, sums } = sum;
    pb::UsageRow {
        day_start_time: by.day.then(|| time_to_pb(group.day_ms)),
        gateway_key_id: group.gateway_key_id,
        gateway_key_name,
        provider: group.provider,
        model_id: group.model_id,
        request_count: count(sums.requests),
        failed_request_count: count(sums.failed),
        cancelled_request_count: count(sums.cancelled),
        attempt_count: count(sums.attempts),
        input_tokens: count(sums.input_tokens),
        output_tokens: count(sums.output_tokens),
        cached_input_tokens: count(sums.cached_input_tokens),
        reasoning_tokens: count(sums.reasoning_tokens),
        estimated_request_count: count(sums.estimated),
        unmetered_request_count: count(sums.unmetered),
        nano_usd: sums.known_nano_usd(),
        unpriced_request_count: count(sums.unpriced),
    }
}

/// Sums of counts are never negative.
fn count(sum: i64) -> u64 {
    sum.max(0).unsigned_abs()
}

/// Reads the token of a page of sums; empty is the first page.
pub fn group_of(tokens: &PageTokens, token: &str) -> Result<Option<UsageGroup>> {
    tokens.read(token, |text| {
        let (day_ms, gateway_key_id, provider, model_id) = serde_json::from_str(text).ok()?;
        Some(UsageGroup { day_ms, gateway_key_id, provider, model_id })
    })
}

/// Writes the token of the rows after a group.
pub fn token_of_group(tokens: &PageTokens, group: &UsageGroup) -> String {
    let UsageGroup { day_ms, gateway_key_id, provider, model_id } = group;
    tokens.write(&serde_json::json!([day_ms, gateway_key_id, provider, model_id]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_name_the_same_actions() {
        for value in 1..=10 {
            assert_eq!(i32::from(action_to_pb(action_of(value).unwrap())), value);
        }
        for unknown in [0, 11, -1] {
            assert_eq!(action_of(unknown).unwrap_err().field.as_deref(), Some("filter.actions"), "{unknown}");
        }
    }

    #[test]
    fn texts_have_a_longest_length() {
        let read = |text: String| filter_of(Some(pb::ActivityFilter { text, ..Default::default() }));
        assert_eq!(read("ü".repeat(64)).unwrap().text.chars().count(), 64);
        assert_eq!(read("ü".repeat(65)).unwrap_err().field.as_deref(), Some("filter.text"));
    }

    #[test]
    fn periods_are_whole_days() {
        let at = |ms: i64| time_to_pb(ms);
        for (start, end, want) in [
            (0, 0, (0, 0)),
            (1, 1, (0, DAY_MS)),
            (DAY_MS - 1, DAY_MS, (0, DAY_MS)),
            (DAY_MS, DAY_MS + 1, (DAY_MS, 2 * DAY_MS)),
            (-1, -1, (-DAY_MS, 0)),
        ] {
            assert_eq!(days_of(Some(&at(start)), Some(&at(end))), (Some(want.0), Some(want.1)), "{start} to {end}");
        }
        assert_eq!(days_of(None, None), (None, None));
        let far = Timestamp { seconds: i64::MAX, nanos: 0 };
        assert!(days_of(Some(&far), Some(&far)).0.is_some(), "no time is too far");
        let times = [(1, 1, (1000, 1001)), (1, 0, (1000, 1000)), (-1, 999_000_001, (-1, 0)), (-1, 0, (-1000, -1000))];
        for (seconds, nanos, want) in times {
            let time = Timestamp { seconds, nanos };
            assert_eq!((millis_with(&time), millis_of(&time)), want, "{seconds} s and {nanos} ns");
        }
    }

    #[test]
    fn a_token_leads_back_to_its_group() {
        let group = UsageGroup {
            day_ms: DAY_MS,
            gateway_key_id: "k".into(),
            provider: String::new(),
            model_id: "x/\"ü\",".into(),
        };
        let tokens = PageTokens::of("usage", &());
        assert_eq!(group_of(&tokens, &token_of_group(&tokens, &group)).unwrap(), Some(group));
        assert_eq!(group_of(&tokens, "").unwrap(), None);
        for wrong in ["x", "====", "W10", &tokens.write("[1,2]")] {
            assert_eq!(group_of(&tokens, wrong).unwrap_err().field.as_deref(), Some("page_token"), "{wrong}");
        }
    }
}
