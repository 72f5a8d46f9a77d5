//! A PostgreSQL of this test process's own, from the binaries of the machine. No container, no download.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

struct Cluster {
    socket_dir: PathBuf,
    _stdin: Option<ChildStdin>,
}

/// Returns the URL of a fresh, empty database. `None` only when `AIGW_TEST_SKIP_POSTGRES=1` says so.
pub fn database() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if skipped() {
        println!("SKIPPED on PostgreSQL: AIGW_TEST_SKIP_POSTGRES=1");
        return None;
    }
    let cluster = CLUSTER.get_or_init(start);
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let host = path(&cluster.socket_dir);
    let ok = Command::new(program("createdb")).args(["-h", host, "-U", "postgres", &name]).status().unwrap();
    assert!(ok.success(), "createdb {name}");
    Some(format!("postgres://postgres@/{name}?host={host}"))
}

#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not a setting of the gateway")]
fn skipped() -> bool {
    std::env::var("AIGW_TEST_SKIP_POSTGRES").is_ok_and(|v| v == "1")
}

/// Looks where Debian hides the server programs, then on the path.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|dir| dir.flatten().map(|e| e.path().join("bin").join(name)).filter(|p| p.exists()).collect())
        .unwrap_or_default();
    versions.sort();
    versions.pop().unwrap_or_else(|| name.into())
}

/// The server refuses to run as root, which containers of build machines often are.
fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    if is_root() {
        let (uid, gid) = nobody();
        command.uid(uid).gid(gid).current_dir(std::env::temp_dir());
    }
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

fn nobody() -> (u32, u32) {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"]
        .iter()
        .find_map(|user| {
            let line = passwd.lines().find(|l| l.starts_with(&format!("{user}:")))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .unwrap_or((65534, 65534))
}

#[expect(clippy::zombie_processes, reason = "the shell outlives this process: it is what cleans up")]
fn start() -> Cluster {
    let found = Command::new(program("initdb")).arg("--version").stdout(Stdio::null()).status();
    assert!(
        found.is_ok_and(|s| s.success()),
        "PostgreSQL is not installed, so half of the storage tests cannot run: `apt-get install -y postgresql`, or \
         say AIGW_TEST_SKIP_POSTGRES=1"
    );
    let dir = tempfile::Builder::new().prefix("aigw-pg").tempdir_in(std::env::temp_dir()).unwrap().keep();
    if is_root() {
        let (uid, gid) = nobody();
        std::os::unix::fs::chown(&dir, Some(uid), Some(gid)).unwrap();
    }
    let data = dir.join("data");
    let options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"];
    let init = command("initdb")
        .args(["-D", path(&data), "-U", "postgres"])
        .args(options)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(init.success(), "initdb");
    // When this process ends, however it ends, the shell's stdin closes: the server stops, the files go.
    let script = format!(
        "{postgres} -D {data} -k {dir} -c listen_addresses= -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB >/dev/null 2>&1 & \
         read _; kill -INT $!; wait; rm -rf {dir}",
        postgres = path(&program("postgres")),
        data = path(&data),
        dir = path(&dir),
    );
    let mut shell = command("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
    for _ in 0..300 {
        let ready = Command::new(program("pg_isready")).args(["-q", "-h", path(&dir)]).status().unwrap();
        if ready.success() {
            return Cluster { socket_dir: dir, _stdin: shell.stdin.take() };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("PostgreSQL did not start");
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Ends every connection to a database and lets nobody in, as if its server were gone.
#[allow(dead_code, reason = "not every test that uses a database takes it away")]
pub fn close_to_everybody(url: &str) {
    let name = name_in(url);
    administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
}

#[allow(dead_code, reason = "not every test that uses a database takes it away")]
pub fn open_again(url: &str) {
    administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", name_in(url)));
}

/// Makes every connection to a database fall silent, as a network that swallows everything would. New ones work.
#[allow(dead_code, reason = "not every test that uses a database silences it")]
pub fn silence(url: &str) -> Silenced {
    let query = format!("SELECT pid FROM pg_stat_activity WHERE datname = '{}'", name_in(url));
    let own = "pid <> pg_backend_pid()";
    let silenced = Silenced(lines(url, &format!("{query} AND {own}")));
    assert!(!silenced.0.is_empty(), "nobody is connected");
    silenced.signal("-STOP");
    silenced
}

/// Connections that say nothing until this is dropped.
#[allow(dead_code, reason = "not every test that uses a database silences it")]
pub struct Silenced(Vec<String>);

impl Silenced {
    fn signal(&self, signal: &str) {
        // One that has ended meanwhile is no failure.
        let _ = Command::new("kill").arg(signal).args(&self.0).stderr(Stdio::null()).status();
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

/// Ends the connections of this name, as a network that breaks would.
#[allow(dead_code, reason = "not every test has connections with a name")]
pub fn end_connections(url: &str, name: &str) {
    administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {}", called(url, name)));
}

/// Waits until there are so many connections of this name.
#[allow(dead_code, reason = "not every test has connections with a name")]
pub fn wait_for_connections(url: &str, name: &str, wanted: usize) {
    let count = format!("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND {}", called(url, name));
    for _ in 0..200 {
        let host = path(&CLUSTER.get().unwrap().socket_dir);
        let found = Command::new(program("psql")).args(["-Atq", "-h", host, "-U", "postgres", "-c", &count]).output();
        if String::from_utf8_lossy(&found.unwrap().stdout).trim() == wanted.to_string() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("there are not {wanted} connections called {name}");
}

fn called(url: &str, name: &str) -> String {
    format!("datname = '{}' AND application_name = '{name}'", name_in(url))
}

fn name_in(url: &str) -> &str {
    url.split(['/', '?']).nth(3).unwrap()
}

fn administer(statement: &str) {
    let host = path(&CLUSTER.get().unwrap().socket_dir);
    let arguments = ["-q", "-h", host, "-U", "postgres", "-c", statement];
    let done = Command::new(program("psql")).args(arguments).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{statement}");
}

/// Returns the lines that a query of one column gives.
#[allow(dead_code, reason = "not every test that uses a database looks into it")]
pub fn lines(url: &str, query: &str) -> Vec<String> {
    let output = Command::new(program("psql")).args(["-q", "-A", "-t", "-c", query, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
