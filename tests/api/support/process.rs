//! The built binary as a process of its own: what can only be seen from outside,
//! such as what is left when it is killed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A newsroom: a folder, perhaps a database elsewhere, and the commands on it.
pub struct Newsroom {
    folder: tempfile::TempDir,
    data: PathBuf,
    database_url: Option<String>,
}

impl Newsroom {
    /// On SQLite, in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Newsroom {
            folder,
            data,
            database_url: None,
        }
    }

    /// On SQLite, with its data elsewhere.
    pub fn sqlite_at(data: &Path) -> Self {
        Newsroom {
            data: data.to_owned(),
            ..Newsroom::sqlite()
        }
    }

    /// On PostgreSQL.
    pub fn postgres(url: String) -> Self {
        Newsroom {
            database_url: Some(url),
            ..Newsroom::sqlite()
        }
    }

    /// The database's address.
    pub fn url(&self) -> perspektive::db::Url {
        match &self.database_url {
            Some(url) => perspektive::db::Url::parse(url).unwrap(),
            None => perspektive::db::Url::Sqlite(self.data.join("perspektive.db")),
        }
    }

    /// A folder for what a test needs beside the newsroom's data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The binary with these arguments, and nothing of this process's settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perspektive"));
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    fn settle(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATA_DIR", &self.data)
            .env("PUBLIC_URL", "https://api.flussblick.example")
            .env("SITE_URL", "https://flussblick.example");
        if let Some(url) = &self.database_url {
            command.env("DATABASE_URL", url);
        }
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; what it prints.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Adds an admin with a password, and returns a key of theirs.
    pub fn key(&self) -> String {
        let mut adding =
            self.command(&["user", "add", "anna", "--role", "admin", "--password-stdin"]);
        let mut adding = adding
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        adding
            .stdin
            .take()
            .unwrap()
            .write_all(PASSWORD.as_bytes())
            .unwrap();
        assert!(adding.wait().unwrap().success());
        self.must(&["key", "add", "--user", "anna", "--name", "test"])
            .trim()
            .to_owned()
    }

    /// Starts the server.
    pub fn serve(&self) -> Served {
        self.serve_with(&[], &[])
    }

    /// Starts the server with arguments and settings.
    pub fn serve_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Served {
        let binary = [
            env!("CARGO_BIN_EXE_perspektive"),
            "serve",
            "--bind",
            "127.0.0.1:0",
        ];
        self.serve_through(&[&binary, arguments].concat(), settings)
    }

    /// Starts the server by a command line that ends in its own.
    pub fn serve_through(&self, line: &[&str], settings: &[(&str, &str)]) -> Served {
        let log = self.folder.path().join(format!("log-{}", uuid()));
        let mut command = Command::new(line[0]);
        command.args(&line[1..]);
        self.settle(&mut command);
        command.envs(settings.iter().copied());
        // Whoever reads what the tests print must not wait for the server's end.
        let child = command
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut served = Served {
            child,
            url: String::new(),
            log,
            http: client(),
        };
        let until = Instant::now() + Duration::from_secs(60);
        while served.url.is_empty() {
            let log = served.log();
            if let Some(line) = log
                .lines()
                .find_map(|line| line.strip_prefix("Perspektive listens on "))
                && log.contains(&format!("{line}\n"))
            {
                served.url = line.to_owned();
            }
            let ended = served.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "the server did not start: {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }
}

/// The password of [`Newsroom::key`]'s admin.
pub const PASSWORD: &str = "vier Wörter sind gut";

fn uuid() -> String {
    perspektive::db::Id::new().to_string()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .gzip(false)
        .brotli(false)
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// A server that runs. Dropping it kills it.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub url: String,
    log: PathBuf,
    http: reqwest::Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// An answer, read to its end, and how long that took.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
    pub took: Duration,
}

impl Got {
    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl Served {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends it on the spot.
    pub fn kill(mut self) {
        self.end();
    }

    /// Kills it, and what it runs where it is a tracer, which would go on alone.
    fn end(&mut self) {
        let pid = self.pid().to_string();
        let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end, for so many seconds at most.
    pub async fn ended(&mut self, seconds: u64) -> Option<ExitStatus> {
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// A request.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
    }

    /// GET as anybody.
    pub async fn get(&self, path: &str) -> Got {
        self.answer(self.request("GET", path)).await.unwrap()
    }

    /// The answer to a request, unless there is none.
    pub async fn answer(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Got> {
        let began = Instant::now();
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await?;
        Ok(Got {
            status,
            headers,
            body,
            took: began.elapsed(),
        })
    }

    /// Makes the section `politik`.
    pub async fn section(&self, key: &str) {
        let body = json!({"slug": "politik", "name": "Politik"});
        let made = self.answer(
            self.request("POST", "/v1/editor/sections")
                .bearer_auth(key)
                .json(&body),
        );
        let made = made.await.unwrap();
        assert_eq!(made.status, 201, "{}", made.body);
    }

    /// Puts an article into `politik`, and publishes it.
    pub async fn put(&self, key: &str, slug: &str, text: &str) -> reqwest::Result<Got> {
        let body = json!({"headline": slug, "section": "politik", "body": {"markdown": text}});
        let path = format!("/v1/editor/articles/{slug}?publish=true");
        self.answer(self.request("PUT", &path).bearer_auth(key).json(&body))
            .await
    }
}
