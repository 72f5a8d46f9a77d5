//! The client: a closed loop of connections that counts errors, and reads the CPU time and memory of the process
//! under test before and after. It prints one JSON object and judges nothing; `benches/run` does.

mod exchange;
mod process;
mod scan;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use exchange::{Call, Connection, Exchange};

#[derive(Parser)]
struct Args {
    /// Loopback address of the door under test.
    #[arg(long)]
    addr: SocketAddr,
    #[arg(long)]
    key: String,
    /// Model name; for streams it says the number of events and the pause, as in `bench-e100-p10`.
    #[arg(long)]
    model: String,
    #[arg(long)]
    stream: bool,
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=5_000))]
    connections: u64,
    /// Requests in all, spread over the connections.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    requests: u64,
    /// Requests sent before the measure begins, with `--warmup-model`.
    #[arg(long, default_value_t = 0)]
    warmup: u64,
    #[arg(long)]
    warmup_model: Option<String>,
    /// The connections begin evenly spread over this time.
    #[arg(long, default_value_t = 0)]
    ramp_ms: u64,
    /// Waited before each reading of the CPU time, so that work done after the answer is counted where it belongs.
    #[arg(long, default_value_t = 500)]
    settle_ms: u64,
    /// Processes under test, of which CPU time and memory are read and added up.
    #[arg(long = "pid")]
    pids: Vec<u32>,
    /// The mock's process, to know how busy it was.
    #[arg(long)]
    upstream_pid: Option<u32>,
    #[arg(long, default_value_t = 300)]
    max_seconds: u64,
}

#[derive(Default, Serialize)]
struct Report {
    requests: u64,
    errors: u64,
    first_error: Option<String>,
    wall_ms: u64,
    cpu_us: u64,
    upstream_cpu_us: u64,
    client_cpu_us: u64,
    data_lines: u64,
    body_chunks: u64,
    first_byte_us_p50: u64,
    total_us_p50: u64,
    total_us_p99: u64,
    rss_kb: u64,
    hwm_kb: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.addr.ip().is_loopback(), "measures loopback only");
    let limit = Duration::from_secs(args.max_seconds);
    let report = timeout(limit, measure(&args)).await.context("took longer than --max-seconds")??;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn measure(args: &Args) -> anyhow::Result<Report> {
    let mut connections: Vec<_> = (0..args.connections).map(|_| None).collect();
    if args.warmup > 0 {
        let model = args.warmup_model.as_ref().unwrap_or(&args.model);
        let call = Call::new(args.addr, &args.key, model, args.stream);
        let warm = run(connections, call, args.warmup, Duration::ZERO).await?;
        ensure!(warm.tally.errors == 0, "warm-up failed: {}", warm.tally.first_error.unwrap_or_default());
        connections = warm.connections.into_iter().map(Some).collect();
    }
    let call = Call::new(args.addr, &args.key, &args.model, args.stream);
    let before = Reading::take(args).await?;
    let start = Instant::now();
    let measured = run(connections, call, args.requests, Duration::from_millis(args.ramp_ms)).await?;
    let wall_ms = start.elapsed().as_millis() as u64;
    // Memory is read while the connections are still open: that is when they cost something.
    let (rss_kb, hwm_kb) = (process::memory_kb(&args.pids, "VmRSS")?, process::memory_kb(&args.pids, "VmHWM")?);
    let after = Reading::take(args).await?;
    drop(measured.connections);
    Ok(Report {
        wall_ms,
        cpu_us: after.cpu_us - before.cpu_us,
        upstream_cpu_us: after.upstream_us - before.upstream_us,
        client_cpu_us: after.client_us - before.client_us,
        rss_kb,
        hwm_kb,
        ..measured.tally.report()
    })
}

struct Reading {
    cpu_us: u64,
    upstream_us: u64,
    client_us: u64,
}

impl Reading {
    async fn take(args: &Args) -> anyhow::Result<Self> {
        sleep(Duration::from_millis(args.settle_ms)).await;
        Ok(Self {
            cpu_us: process::cpu_us(&args.pids)?,
            upstream_us: process::cpu_us(args.upstream_pid.as_slice())?,
            client_us: process::cpu_us(&[std::process::id()])?,
        })
    }
}

/// What all connections saw together.
#[derive(Default)]
struct Tally {
    errors: u64,
    first_error: Option<String>,
    exchanges: Vec<Exchange>,
}

impl Tally {
    fn add(&mut self, result: anyhow::Result<Exchange>) {
        match result {
            Ok(exchange) => self.exchanges.push(exchange),
            Err(error) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    fn merge(&mut self, other: Tally) {
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.exchanges.extend(other.exchanges);
    }

    fn report(self) -> Report {
        let mut totals: Vec<u64> = self.exchanges.iter().map(|exchange| exchange.total_us).collect();
        let mut firsts: Vec<u64> = self.exchanges.iter().map(|exchange| exchange.first_byte_us).collect();
        totals.sort_unstable();
        firsts.sort_unstable();
        Report {
            requests: self.exchanges.len() as u64,
            errors: self.errors,
            first_error: self.first_error,
            data_lines: self.exchanges.iter().map(|exchange| exchange.data_lines).sum(),
            body_chunks: self.exchanges.iter().map(|exchange| exchange.body_chunks).sum(),
            first_byte_us_p50: quantile(&firsts, 50),
            total_us_p50: quantile(&totals, 50),
            total_us_p99: quantile(&totals, 99),
            ..Report::default()
        }
    }
}

fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or(0)
}

struct Run {
    tally: Tally,
    connections: Vec<Connection>,
}

/// Sends `requests` calls over the connections, each of which takes the next call when its last is answered.
async fn run(connections: Vec<Option<Connection>>, call: Call, requests: u64, ramp: Duration) -> anyhow::Result<Run> {
    let taken = Arc::new(AtomicU64::new(0));
    let call = Arc::new(call);
    let count = connections.len() as u32;
    let mut tasks = JoinSet::new();
    for (i, connection) in connections.into_iter().enumerate() {
        let (taken, call) = (Arc::clone(&taken), Arc::clone(&call));
        let delay = ramp * i as u32 / count;
        tasks.spawn(async move {
            sleep(delay).await;
            drive(connection, &call, &taken, requests).await
        });
    }
    let mut all = Run { tally: Tally::default(), connections: Vec::new() };
    while let Some(done) = tasks.join_next().await {
        let (tally, connection) = done?;
        all.tally.merge(tally);
        all.connections.extend(connection);
    }
    Ok(all)
}

/// Drives one connection until no call is left; a failed connection is not replaced, because one error fails the run.
///
/// It is opened here, right before its first call: a door rightly closes connections that say nothing, and on a busy
/// machine the last of thousands opened in advance comes to speak many seconds after the first.
async fn drive(
    connection: Option<Connection>,
    call: &Call,
    taken: &AtomicU64,
    requests: u64,
) -> (Tally, Option<Connection>) {
    let mut tally = Tally::default();
    let opened = match connection {
        Some(connection) => Ok(connection),
        None => Connection::open(call.addr).await,
    };
    let mut connection = match opened {
        Ok(connection) => connection,
        Err(error) => {
            tally.add(Err(error));
            return (tally, None);
        }
    };
    while taken.fetch_add(1, Ordering::Relaxed) < requests {
        tally.add(connection.exchange(call).await);
        if tally.errors > 0 {
            return (tally, None);
        }
    }
    (tally, Some(connection))
}
