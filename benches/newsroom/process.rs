//! Servers as child processes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that runs until this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// The binary's `serve`, with everything at its default but the database,
    /// the size of the cache and how much is logged.
    pub fn start(url: &str, cache_mb: Option<u64>, folder: &Path) -> Self {
        Server::of(
            Path::new(env!("CARGO_BIN_EXE_perspektive")),
            url,
            cache_mb,
            folder,
        )
    }

    /// The same of another binary.
    pub fn of(binary: &Path, url: &str, cache_mb: Option<u64>, folder: &Path) -> Self {
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .args([
                "--bind",
                "127.0.0.1:0",
                "--log",
                "warn",
                "--database-url",
                url,
            ])
            .args([
                "--public-url",
                "https://api.flussblick.example",
                "--site-url",
                "https://flussblick.example",
            ])
            .arg("--data-dir")
            .arg(folder)
            .current_dir(folder);
        // Everybody who asks has one address here.
        command.env("SEARCHES_PER_MINUTE", "0");
        if let Some(megabytes) = cache_mb {
            command.args(["--cache-mb", &megabytes.to_string()]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let told = child.stderr.take().expect("standard error");
        Server {
            address: listening(told),
            child,
        }
    }

    /// The ceiling that gives the answer in this file.
    pub fn ceiling(answer: &Path) -> Self {
        let own = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(own)
            .args(["ceiling"])
            .arg(answer)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the ceiling starts");
        let told = child.stdout.take().expect("standard output");
        Server {
            address: listening(told),
            child,
        }
    }

    /// Resident memory in bytes, where the system tells it.
    pub fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads where a server listens; what it says after that goes to standard error.
fn listening(told: impl std::io::Read + Send + 'static) -> SocketAddr {
    let mut lines = BufReader::new(told).lines();
    let mut said = String::new();
    let address = loop {
        let Some(Ok(line)) = lines.next() else {
            panic!("the server did not start:\n{said}")
        };
        if let Some((_, address)) = line.split_once("http://") {
            break address.trim().parse().expect("an address");
        }
        said.push_str(&line);
        said.push('\n');
    };
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if line.contains("WARN") || line.contains("ERROR") {
                eprintln!("  server: {line}");
            }
        }
    });
    address
}
