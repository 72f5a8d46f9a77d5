//! Writes dates the way American forms do, which some searches want.

const DAY: i64 = 24 * 60 * 60;
const DAYS_IN_400_YEARS: i64 = 146_097;

/// Returns `M/D/YYYY` in UTC. Years begin in March here, so that the leap day is the last of its year.
pub fn date(unix_seconds: i64) -> String {
    // Days since the first of March of the year 0.
    let days = unix_seconds.div_euclid(DAY) + 719_468;
    let (cycle, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, twice, and so five are 153.
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{month}/{day_of_month}/{}", cycle * 400 + year + next_year)
}
