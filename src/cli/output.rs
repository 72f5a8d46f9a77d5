//! Printing, failing and exit codes.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use crate::{config::ConfigError, domain::error::Error, storage::StoreError};

/// It failed, and may work another time.
pub const FAILED: u8 = 1;
/// Wrong command line or wrong settings.
pub const USAGE: u8 = 2;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    Config(String),
    Failed(String),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Url(_) => Self::Config(format!("DATABASE_URL: {error}")),
            StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Corrupt(_) => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error.message)
    }
}

/// Says on standard error what went wrong.
pub fn report(failure: &Failure) -> ExitCode {
    let (text, code) = match failure {
        Failure::Config(text) => (text, USAGE),
        Failure::Failed(text) => (text, FAILED),
    };
    for line in text.lines() {
        eprintln!("error: {line}");
    }
    if code == USAGE {
        eprintln!("\nTry `ai-model-gateway --help`, or see docs/configuration.md.");
    }
    ExitCode::from(code)
}

/// Writes data to standard output. A reader that went away, such as `head`, is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Failed(error.to_string())),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Runs a command that works on the database.
pub fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(error.to_string()))?.block_on(command)
}

/// Writes JSON and a line break to standard output.
pub fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Aligns columns with spaces; the last one stays as it is.
pub fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        for (n, cell) in row.iter().enumerate() {
            let padding = if n + 1 == row.len() { 0 } else { width(n) + 2 - cell.chars().count() };
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', padding));
        }
        text.push('\n');
    }
    text
}

/// Writes Unix milliseconds as `2026-11-23T01:02:03Z`.
pub fn timestamp(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Days since 1970 to a date: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
