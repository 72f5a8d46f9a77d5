//! When a day ends in California: the quotas of some providers begin anew then. The rules are those of the United States
//! since 2007: daylight saving from the second Sunday of March to the first Sunday of November, both at two in the night.

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Behind UTC in winter; an hour less in summer.
const STANDARD_MS: i64 = 8 * HOUR_MS;

/// Returns the first midnight in California after a time, both in Unix milliseconds.
pub fn next_midnight_ms(now_ms: i64) -> i64 {
    // The date there is the one here or the one before, so one of three midnights is the next.
    let today = now_ms.div_euclid(DAY_MS);
    let midnights = (today - 1..).map(|day| day * DAY_MS + behind_ms(day));
    midnights.take(3).find(|midnight| *midnight > now_ms).unwrap_or(now_ms + DAY_MS)
}

/// Returns how far California is behind UTC when a day begins there. The clock changes two hours later, so the days of
/// change begin by the old rule.
fn behind_ms(day: i64) -> i64 {
    let year = year_of(day);
    let summer = first_sunday(year, 3) + 7 < day && day <= first_sunday(year, 11);
    if summer { STANDARD_MS - HOUR_MS } else { STANDARD_MS }
}

/// Returns the first Sunday of a month, in days since 1970. The first of January 1970 was a Thursday.
fn first_sunday(year: i64, month: i64) -> i64 {
    let first = days_to(year, month);
    first + (3 - first).rem_euclid(7)
}

/// Returns the days from 1970 to the first of a month. Years are counted from March, so that leap days come last.
fn days_to(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719 468 days lie between the first of March of the year 0 and 1970; months of 31 and 30 days take turns.
    365 * year + leap_days + (153 * month + 2) / 5 - 719_468
}

fn year_of(day: i64) -> i64 {
    let guess = 1970 + day.div_euclid(365);
    // A guess is late by a year for every 365 leap days.
    (0..).map(|back| guess - back).find(|year| days_to(*year, 1) <= day).unwrap_or(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_in_california() {
        // Seconds, by `TZ=America/Los_Angeles date`.
        let cases = [
            ("winter: 2026-01-15 12:00 UTC", 1_768_478_400, 1_768_550_400),
            ("just before midnight", 1_768_550_399, 1_768_550_400),
            ("at midnight the next one counts", 1_768_550_400, 1_768_636_800),
            ("summer: 2026-07-15 12:00 UTC", 1_784_116_800, 1_784_185_200),
            ("before the clock goes forward: 2026-03-08 09:30 UTC", 1_772_962_200, 1_773_039_600),
            ("the evening before: 2026-03-08 05:00 UTC", 1_772_946_000, 1_772_956_800),
            ("before the clock goes back: 2026-11-01 06:00 UTC", 1_793_512_800, 1_793_516_400),
            ("the day of 25 hours: 2026-11-01 08:00 UTC", 1_793_520_000, 1_793_606_400),
            ("leap day: 2028-02-29 20:00 UTC", 1_835_467_200, 1_835_510_400),
        ];
        for (name, now, want) in cases {
            assert_eq!(next_midnight_ms(now * 1000), want * 1000, "{name}");
        }
    }

    #[test]
    fn there_is_always_a_next_one_within_25_hours() {
        for hour in 0..(80 * 366 * 24) {
            let now = hour * HOUR_MS + 1;
            let wait = next_midnight_ms(now) - now;
            assert!((1..=25 * HOUR_MS).contains(&wait), "{now}: {wait}");
        }
    }
}
