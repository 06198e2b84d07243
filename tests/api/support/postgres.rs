//! A PostgreSQL for the tests: the server that `TEST_DATABASE_URL` names, or a
//! cluster made with `initdb` on a socket, thrown away when the tests end.

use std::io::Write;
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
            // Past the test runner's capture, so that it is seen.
            let note = format!("\nNOT RUN on PostgreSQL: {why}. The suite ran on SQLite only.\n");
            let _ = std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/stderr")
                .map(|mut out| out.write_all(note.as_bytes()));
            None
        }
    }
});

/// Makes a new, empty database and returns its address.
pub fn new_database() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.as_ref()?;
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let admin = server.replace("DATABASE", "postgres");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
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
    Some(server.replace("DATABASE", &name))
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

fn start_cluster() -> Result<String, String> {
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
    let as_user = |command: &mut Command| {
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&folder).env_remove("LD_PRELOAD");
    };
    let data = folder.join("data");
    let mut init = Command::new(bin.join("initdb"));
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
    .arg(&data);
    as_user(&mut init);
    let output = init.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!(
            "initdb failed: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    // The server lives as long as the pipe to this process, whatever ends it.
    let script = r#"
        "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
            -c max_connections=400 -c shared_buffers=64MB >"$2/log" 2>&1 &
        cat >/dev/null
        kill -INT %1 2>/dev/null || kill -INT $!
        wait
        rm -rf "$2"
    "#;
    let mut keeper = Command::new("sh");
    keeper
        .args(["-c", script, "sh"])
        .arg(&bin)
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    as_user(&mut keeper);
    let mut child = keeper.spawn().map_err(|error| error.to_string())?;
    std::mem::forget(child.stdin.take());
    let url = format!(
        "postgres://postgres@localhost/DATABASE?host={}&sslmode=disable",
        escape(&folder)
    );
    for _ in 0..200 {
        if folder.join(".s.PGSQL.5432").exists() && accepts(&url) {
            return Ok(url);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Err("the cluster did not start".to_owned())
}

fn accepts(url: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio_postgres::connect(&url.replace("DATABASE", "postgres"), tokio_postgres::NoTls)
            .await
            .is_ok()
    })
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
