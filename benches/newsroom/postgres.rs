//! A PostgreSQL to measure on: the server that `TEST_DATABASE_URL` names, or a
//! cluster made with `initdb`, with the settings it comes with, so that a commit
//! is on the disk before it is acknowledged.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use perspektive::error::{Result, internal};

pub struct Postgres {
    /// The server's address, `DATABASE` standing for a database's name.
    server: String,
    pub version: String,
    _cluster: Option<Cluster>,
}

/// A running cluster; it ends with this process, whatever ends it.
struct Cluster {
    keeper: Child,
    _socket: tempfile::TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Postgres {
    /// Finds or starts a server; its data lie in `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let (server, cluster) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => (with_placeholder(&url), None),
            Err(_) => {
                let (server, cluster) = start_cluster(folder)?;
                (server, Some(cluster))
            }
        };
        let mut postgres = Postgres {
            server,
            version: String::new(),
            _cluster: cluster,
        };
        postgres.version = postgres.text("SHOW server_version")?;
        for setting in ["fsync", "synchronous_commit"] {
            if postgres.text(&format!("SHOW {setting}"))? != "on" {
                eprintln!(
                    "This PostgreSQL has {setting} off: its writes are not durable and not comparable."
                );
            }
        }
        Ok(postgres)
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        self.server.replace("DATABASE", database)
    }

    pub fn has(&self, database: &str) -> Result<bool> {
        let count = self.text(&format!(
            "SELECT count(*)::text FROM pg_database WHERE datname = '{database}'"
        ))?;
        Ok(count != "0")
    }

    pub fn create(&self, database: &str, template: Option<&str>) -> Result<()> {
        let template = template.unwrap_or("template0");
        self.execute(&format!(
            "CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE {template}"
        ))
    }

    pub fn execute(&self, sql: &str) -> Result<()> {
        self.execute_in("postgres", sql)
    }

    pub fn execute_in(&self, database: &str, sql: &str) -> Result<()> {
        self.run(database, async |client| client.batch_execute(sql).await)
    }

    fn text(&self, sql: &str) -> Result<String> {
        self.run("postgres", async |client| {
            client.query_one(sql, &[]).await?.try_get(0)
        })
    }

    fn run<T>(
        &self,
        database: &str,
        job: impl AsyncFnOnce(&tokio_postgres::Client) -> std::result::Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&self.url(database), tokio_postgres::NoTls)
                    .await
                    .map_err(internal)?;
            let driving = tokio::spawn(connection);
            let result = job(&client).await.map_err(internal);
            drop(client);
            let _ = driving.await;
            result
        })
    }
}

/// `postgres://user@host/anything?x=y` with its database's name replaced.
fn with_placeholder(url: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(base, query)| {
            (base, format!("?{query}"))
        });
    let host = base.find("://").map_or(0, |at| at + 3);
    let slash = base[host..].find('/').map_or(base.len(), |at| host + at);
    format!("{}/DATABASE{query}", &base[..slash])
}

fn start_cluster(folder: &Path) -> Result<(String, Cluster)> {
    let bin =
        find_bin().ok_or_else(|| internal("neither initdb nor TEST_DATABASE_URL was found"))?;
    // PostgreSQL refuses to run as root, so there it runs as somebody else.
    let user = root()
        .then(|| ["postgres", "nobody"].into_iter().find_map(ids))
        .flatten();
    let own = |path: &Path| -> Result<()> {
        std::fs::set_permissions(path, Permissions::from_mode(0o755))?;
        if let Some((uid, gid)) = user {
            chown(path, Some(uid), Some(gid))?;
        }
        Ok(())
    };
    let socket = tempfile::Builder::new()
        .prefix("perspektive-pg-")
        .tempdir()?;
    own(socket.path())?;
    let home = folder.join("postgres");
    if !home.exists() {
        let making = folder.join("postgres.making");
        let _ = std::fs::remove_dir_all(&making);
        std::fs::create_dir_all(&making)?;
        own(&making)?;
        let mut init = as_user(&bin.join("initdb"), user, socket.path());
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
        .arg(making.join("data"));
        let output = init.output()?;
        if !output.status.success() {
            return Err(internal(format!(
                "initdb failed: {}",
                String::from_utf8_lossy(&output.stderr)
            )));
        }
        std::fs::rename(&making, &home)?;
    }
    // It comes with 128 MB of its own memory for any machine; what its manual starts
    // from is a quarter of what there is.
    let script = r#"
        quarter=$(awk '/^MemTotal/ { print int($2 / 4) }' /proc/meminfo)
        "$1/postgres" -D "$2/data" -k "$3" -c listen_addresses= -c max_connections=200 \
            -c shared_buffers="${quarter:-131072}kB" >"$3/log" 2>&1 &
        cat >/dev/null
        kill -INT $!
        wait
    "#;
    let mut keeper = as_user(Path::new("sh"), user, socket.path());
    keeper
        .args(["-c", script, "sh"])
        .arg(bin)
        .arg(&home)
        .arg(socket.path());
    // A group of its own: Ctrl-C reaches it only through the end of the pipe.
    keeper
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let cluster = Cluster {
        keeper: keeper.spawn()?,
        _socket: socket,
    };
    let socket = cluster
        ._socket
        .path()
        .display()
        .to_string()
        .replace('/', "%2F");
    let server = format!("postgres://postgres@localhost/DATABASE?host={socket}&sslmode=disable");
    let postgres = Postgres {
        server: server.clone(),
        version: String::new(),
        _cluster: None,
    };
    for _ in 0..600 {
        if postgres.text("SELECT 'here'").is_ok() {
            return Ok((server, cluster));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = std::fs::read_to_string(cluster._socket.path().join("log")).unwrap_or_default();
    Err(internal(format!("the cluster did not start: {log}")))
}

fn as_user(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command.current_dir(folder).env_remove("LD_PRELOAD");
    command
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
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
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
