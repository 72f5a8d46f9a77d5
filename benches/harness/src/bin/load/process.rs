//! Reads what a process has used from `/proc`: CPU time (user and system) and resident memory.

use anyhow::{Context, anyhow};

/// Kernel ticks per second in `/proc/<pid>/stat`. It is 100 on every Linux platform Rust runs on; `benches/run` checks it.
const TICKS_PER_SECOND: u64 = 100;

/// Returns the user and system CPU time of the processes, in microseconds. Threads that have ended are included.
///
/// The kernel scales the two figures so that their sum is the scheduler's exact run time, hence the only error of
/// the sum is its rounding to one tick (10 ms).
pub fn cpu_us(pids: &[u32]) -> anyhow::Result<u64> {
    let mut ticks = 0;
    for pid in pids {
        ticks += cpu_ticks(*pid).with_context(|| format!("process {pid} cannot be read: did it end?"))?;
    }
    Ok(ticks * 1_000_000 / TICKS_PER_SECOND)
}

fn cpu_ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    parse_ticks(&stat).ok_or_else(|| anyhow!("unexpected /proc/{pid}/stat"))
}

/// The name of the process stands in parentheses and may hold anything, so fields are counted from the last one.
fn parse_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Returns a memory figure of the processes in kB, `VmRSS` or `VmHWM` (the highest since start).
pub fn memory_kb(pids: &[u32], field: &str) -> anyhow::Result<u64> {
    let mut total = 0;
    for pid in pids {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        total += parse_memory(&status, field).ok_or_else(|| anyhow!("no {field} in /proc/{pid}/status"))?;
    }
    Ok(total)
}

fn parse_memory(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 700 55 0 0 20 0 3 0 100";
        assert_eq!(parse_ticks(stat), Some(755));
        assert_eq!(parse_memory("VmHWM:\t   12345 kB\nVmRSS:\t  999 kB\n", "VmRSS"), Some(999));
    }
}
