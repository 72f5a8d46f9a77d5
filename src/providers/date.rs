//! Writes dates of the calendar, in UTC.

const DAY: i64 = 24 * 60 * 60;
const DAYS_IN_400_YEARS: i64 = 146_097;

/// Writes `1/31/2026`, the way of American forms, which some searches want.
pub fn american(unix_seconds: i64) -> String {
    let (year, month, day) = calendar(unix_seconds);
    format!("{month}/{day}/{year}")
}

/// Writes `2026-01-31T09:30:00Z`.
pub fn rfc3339(unix_seconds: i64) -> String {
    let (year, month, day) = calendar(unix_seconds);
    let second = unix_seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Returns year, month and day. Years begin in March here, so that the leap day is the last of its year.
fn calendar(unix_seconds: i64) -> (i64, i64, i64) {
    // Days since the first of March of the year 0.
    let days = unix_seconds.div_euclid(DAY) + 719_468;
    let (cycle, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, twice, and so five are 153.
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + next_year, month, day_of_month)
}
