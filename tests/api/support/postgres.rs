//! A PostgreSQL for the tests: the server that `TEST_DATABASE_URL` names, or a
//! cluster made with `initdb` on a socket, thrown away when the tests end.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of the server, `DATABASE` standing for a database's name.
static SERVER: LazyLock<Option<String>> = LazyLock::new(|| {
    let found = match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => Ok(with_placeholder(&url)),
        Err(_) => start_cluster(),
    };
    match found {
        Ok(server) => Some(server),
        Err(why) if std::env::var_os("REQUIRE_POSTGRES").is_some() => {
            panic!("PostgreSQL is required: {why}")
        }
        Err(why) => {
            super::note(&format!(
                "NOT RUN on PostgreSQL: {why}. The suite ran on SQLite only."
            ));
            None
        }
    }
});

/// Makes a new, empty database and returns its address.
pub fn new_database() -> Option<String> {
    SERVER.as_ref().map(|server| create_database(server))
}

fn create_database(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let admin = server.replace("DATABASE", "postgres");
    on_own_thread(async {
        let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls)
            .await
            .unwrap();
        let driving = tokio::spawn(connection);
        client
            .batch_execute(&format!(
                "CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"
            ))
            .await
            .unwrap();
        drop(client);
        let _ = driving.await;
    });
    server.replace("DATABASE", &name)
}

/// `postgres://user@host/anything?x=y` with its database's name replaced.
fn with_placeholder(url: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(base, query)| {
            (base, format!("?{query}"))
        });
    let host_end = base.find("://").map_or(0, |at| at + 3);
    let slash = base[host_end..]
        .find('/')
        .map_or(base.len(), |at| host_end + at);
    format!("{}/DATABASE{query}", &base[..slash])
}

/// A cluster's place, and who runs it.
struct Place {
    bin: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

impl Place {
    /// Makes a new cluster that doesn't run yet.
    fn init() -> Result<Self, String> {
        let bin = find_bin().ok_or("neither initdb nor TEST_DATABASE_URL was found")?;
        let folder = tempfile::Builder::new()
            .prefix("perspektive-pg-")
            .tempdir()
            .map_err(|e| e.to_string())?
            .keep();
        // PostgreSQL refuses to run as root, so there it runs as somebody else.
        let user = root()
            .then(|| ["postgres", "nobody"].into_iter().find_map(ids))
            .flatten();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))
            .map_err(|e| e.to_string())?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).map_err(|e| e.to_string())?;
        }
        let place = Place { bin, folder, user };
        let mut init = place.command("initdb");
        init.args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ])
        .arg(place.folder.join("data"));
        let output = init.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!(
                "initdb failed: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        Ok(place)
    }

    /// One of PostgreSQL's programs, or another, as the user who runs the cluster.
    fn command(&self, program: &str) -> Command {
        let own = self.bin.join(program);
        let mut command = if own.exists() {
            Command::new(own)
        } else {
            Command::new(program)
        };
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&self.folder).env_remove("LD_PRELOAD");
        command
    }

    fn url(&self) -> String {
        format!(
            "postgres://postgres@localhost/DATABASE?host={}&sslmode=disable",
            escape(&self.folder)
        )
    }

    fn await_start(&self) -> Result<(), String> {
        for _ in 0..400 {
            if self.folder.join(".s.PGSQL.5432").exists() && accepts(&self.url()) {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Err("the cluster did not start".to_owned())
    }
}

/// A cluster of a test's own, to be stopped, killed and started again.
pub struct Cluster {
    place: Place,
    options: Vec<String>,
    server: std::process::Child,
    /// Removes everything when this process ends, however it ends.
    _keeper: std::process::ChildStdin,
}

impl Cluster {
    /// Makes and starts one with settings such as `fsync=off`; `None` where
    /// there is no PostgreSQL (says so, and fails if `REQUIRE_POSTGRES` is set).
    pub fn start(options: &[&str]) -> Option<Self> {
        let place = match Place::init() {
            Ok(place) => place,
            Err(why) if std::env::var_os("REQUIRE_POSTGRES").is_some() => {
                panic!("PostgreSQL is required: {why}")
            }
            Err(why) => {
                super::note(&format!(
                    "NOT RUN: a test that needs a PostgreSQL of its own: {why}."
                ));
                return None;
            }
        };
        let script = r#"
            cat >/dev/null
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) &&
                kill -CONT $pid $(cat /proc/$pid/task/$pid/children) 2>/dev/null
            kill -QUIT $pid 2>/dev/null
            sleep 1
            rm -rf "$1"
        "#;
        let mut keeper = place.command("sh");
        keeper
            .args(["-c", script, "sh"])
            .arg(&place.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let keeper = keeper.spawn().unwrap().stdin.take().unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let server = Cluster::spawn(&place, &options);
        place.await_start().unwrap();
        Some(Cluster {
            place,
            options,
            server,
            _keeper: keeper,
        })
    }

    fn spawn(place: &Place, options: &[String]) -> std::process::Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(place.folder.join("log"))
            .unwrap();
        let mut server = place.command("postgres");
        server
            .arg("-D")
            .arg(place.folder.join("data"))
            .arg("-k")
            .arg(&place.folder);
        server.args(["-c", "listen_addresses=", "-c", "max_connections=60"]);
        for option in options {
            server.args(["-c", option]);
        }
        server
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// A new, empty database.
    pub fn new_database(&self) -> String {
        create_database(&self.place.url())
    }

    /// The postmaster and its children.
    fn pids(&self) -> Vec<u32> {
        let main = self.server.id();
        let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children"))
            .unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        std::iter::once(main).chain(children).collect()
    }

    /// Sends a signal, such as `STOP`, to all of its processes.
    pub fn signal(&self, name: &str) {
        let pids = self.pids().into_iter().map(|pid| pid.to_string());
        let _ = Command::new("kill")
            .arg(format!("-{name}"))
            .args(pids)
            .status();
    }

    /// Ends all of its processes on the spot.
    pub fn kill(&mut self) {
        self.signal("KILL");
        self.server.wait().unwrap();
    }

    /// Starts it after [`Cluster::kill`].
    pub fn start_again(&mut self) {
        // What the killed one left behind would be taken for a running server
        // if another process has its number by now.
        let _ = std::fs::remove_file(self.place.folder.join("data/postmaster.pid"));
        let _ = std::fs::remove_file(self.place.folder.join(".s.PGSQL.5432.lock"));
        self.server = Cluster::spawn(&self.place, &self.options);
        self.place.await_start().unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.signal("CONT");
        self.signal("QUIT");
        let _ = self.server.wait();
    }
}

fn start_cluster() -> Result<String, String> {
    let place = Place::init()?;
    // The server lives as long as the pipe to this process, whatever ends it.
    let script = r#"
        "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
            -c max_connections=400 -c shared_buffers=64MB >"$2/log" 2>&1 &
        cat >/dev/null
        kill -INT %1 2>/dev/null || kill -INT $!
        wait
        rm -rf "$2"
    "#;
    let mut keeper = place.command("sh");
    keeper
        .args(["-c", script, "sh"])
        .arg(&place.bin)
        .arg(&place.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = keeper.spawn().map_err(|error| error.to_string())?;
    std::mem::forget(child.stdin.take());
    place.await_start()?;
    Ok(place.url())
}

fn accepts(url: &str) -> bool {
    let admin = url.replace("DATABASE", "postgres");
    on_own_thread(async {
        tokio_postgres::connect(&admin, tokio_postgres::NoTls)
            .await
            .is_ok()
    })
}

/// Runs a future on a thread of its own, because a test's may be driving async
/// tasks already.
fn on_own_thread<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let running = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(running).join().unwrap())
}

fn escape(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

fn find_bin() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")?;
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A user's ids, from the system's list.
fn ids(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users
        .lines()
        .find(|line| line.starts_with(&format!("{name}:")))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
