//! The load generator, a process of its own: keep-alive connections that send
//! requests rendered beforehand, one after the other, and check every answer.

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the generator is told.
#[derive(Args, Clone, Debug)]
pub struct Plan {
    /// Whom to ask
    #[arg(long)]
    pub address: SocketAddr,
    /// A file of requests
    #[arg(long)]
    pub requests: PathBuf,
    /// Where in the file to begin
    #[arg(long, default_value_t = 0)]
    pub first: usize,
    /// Send so many requests, each once, and stop; otherwise go round and round
    #[arg(long)]
    pub count: Option<usize>,
    /// How long, in milliseconds
    #[arg(long, default_value_t = 1_000)]
    pub millis: u64,
    /// Connections
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// Threads
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// The only status that is right
    #[arg(long, default_value_t = 200)]
    pub status: u16,
}

/// What it found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Answers.
    pub answers: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Bytes of all bodies.
    pub body_bytes: u64,
    /// Half of the answers came within so many milliseconds.
    pub p50: f64,
    /// Ninety-nine of a hundred did.
    pub p99: f64,
    /// Processor seconds of the generator itself.
    pub processor: f64,
}

impl Outcome {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

/// A request, rendered.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: api.flussblick.example\r\nUser-Agent: bench\r\nAccept: */*\r\n"
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Writes a file of requests.
pub fn write(path: &Path, requests: &[Vec<u8>]) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    for request in requests {
        bytes.extend((request.len() as u32).to_le_bytes());
        bytes.extend(request);
    }
    std::fs::write(path, bytes)
}

fn read(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)?;
    let mut rest = bytes.as_slice();
    let mut requests = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (request, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        requests.push(request.to_vec());
        rest = after;
    }
    Ok(requests)
}

/// Runs the generator as a child process. Fails loudly if any answer was wrong.
pub fn run(plan: &Plan) -> Outcome {
    let own = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(own);
    command
        .arg("generate")
        .args(["--address", &plan.address.to_string()])
        .arg("--requests")
        .arg(&plan.requests)
        .args(["--first", &plan.first.to_string()])
        .args(["--millis", &plan.millis.to_string()])
        .args(["--connections", &plan.connections.to_string()])
        .args(["--threads", &plan.threads.to_string()])
        .args(["--status", &plan.status.to_string()]);
    if let Some(count) = plan.count {
        command.args(["--count", &count.to_string()]);
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("the generator starts");
    assert!(
        output.status.success(),
        "the load generator failed; see above"
    );
    serde_json::from_slice(&output.stdout).expect("the generator's outcome")
}

/// The generator itself.
pub fn main(plan: &Plan) {
    let requests = read(&plan.requests).expect("the file of requests");
    assert!(!requests.is_empty(), "no requests");
    let last = plan.count.map(|count| plan.first + count);
    assert!(
        last.is_none_or(|last| last <= requests.len()),
        "fewer requests than asked for"
    );
    let threads = plan.threads.clamp(1, plan.connections);
    let began = Instant::now();
    let results: Vec<(Vec<u32>, u64)> = std::thread::scope(|scope| {
        let requests = &requests;
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || drive(plan, requests, thread, threads)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a thread of the generator"))
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let body_bytes = results.iter().map(|(_, bytes)| bytes).sum();
    let mut latencies: Vec<u32> = results
        .into_iter()
        .flat_map(|(latencies, _)| latencies)
        .collect();
    latencies.sort_unstable();
    let share = |share: f64| {
        let index = (latencies.len().saturating_sub(1)) as f64 * share;
        latencies
            .get(index as usize)
            .map_or(0.0, |micros| f64::from(*micros) / 1e3)
    };
    let outcome = Outcome {
        answers: latencies.len() as u64,
        seconds,
        body_bytes,
        p50: share(0.5),
        p99: share(0.99),
        processor: processor_seconds("self"),
    };
    println!("{}", serde_json::to_string(&outcome).expect("an outcome"));
}

/// What the connections of one thread share.
struct Shared<'a> {
    plan: &'a Plan,
    requests: &'a [Vec<u8>],
    next: Cell<usize>,
    step: usize,
    until: Instant,
    latencies: RefCell<Vec<u32>>,
    bytes: Cell<u64>,
}

impl<'a> Shared<'a> {
    fn next(&self) -> Option<&'a [u8]> {
        let index = self.next.replace(self.next.get() + self.step);
        match self.plan.count {
            Some(count) if index >= self.plan.first + count => None,
            Some(_) => Some(&self.requests[index]),
            None if Instant::now() >= self.until => None,
            None => Some(&self.requests[index % self.requests.len()]),
        }
    }
}

fn drive(plan: &Plan, requests: &[Vec<u8>], thread: usize, threads: usize) -> (Vec<u32>, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime");
    let shared = Rc::new(Shared {
        plan,
        requests,
        next: Cell::new(plan.first + thread),
        step: threads,
        until: Instant::now() + Duration::from_millis(plan.millis),
        latencies: RefCell::new(Vec::with_capacity(1 << 18)),
        bytes: Cell::new(0),
    });
    let connections = (thread..plan.connections).step_by(threads).count();
    runtime.block_on(async {
        let running = (0..connections).map(|_| {
            let shared = Rc::clone(&shared);
            async move { converse(&shared).await }
        });
        for result in futures_util::future::join_all(running).await {
            if let Err(why) = result {
                eprintln!("load generator: {why}");
                std::process::exit(1);
            }
        }
    });
    (shared.latencies.take(), shared.bytes.get())
}

async fn converse(shared: &Shared<'_>) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(shared.plan.address)
        .await
        .map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut buffer = vec![0; 64 << 10];
    while let Some(request) = shared.next() {
        let began = Instant::now();
        stream.write_all(request).await.map_err(failed)?;
        let mut filled = 0;
        let (head, status, length) = loop {
            filled += receive(&mut stream, &mut buffer, filled).await?;
            if let Some(found) = parse(&buffer[..filled])? {
                break found;
            }
        };
        if status != shared.plan.status {
            let shown =
                |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(600)]).into_owned();
            return Err(format!(
                "expected {}, got {status}\n{}\n{}",
                shared.plan.status,
                shown(request),
                shown(&buffer[..filled])
            ));
        }
        let length = if status == 304 { 0 } else { length };
        if length == 0 && status != 304 {
            return Err("an answer has no body".to_owned());
        }
        while filled < head + length {
            filled += receive(&mut stream, &mut buffer, filled).await?;
        }
        if filled > head + length {
            return Err("an answer is longer than it says".to_owned());
        }
        shared.bytes.set(shared.bytes.get() + length as u64);
        shared
            .latencies
            .borrow_mut()
            .push(began.elapsed().as_micros() as u32);
    }
    Ok(())
}

async fn receive(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    filled: usize,
) -> Result<usize, String> {
    if filled == buffer.len() {
        buffer.resize(filled * 2, 0);
    }
    match stream.read(&mut buffer[filled..]).await {
        Ok(0) => Err("the server closed the connection".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}

/// Where the head ends, the status and the length of the body; nothing while
/// the head is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(usize, u16, usize)>, String> {
    let mut length = None;
    let mut start = 0;
    while let Some(end) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[start..start + end];
        start += end + 1;
        if line == b"\r" {
            let status = bytes
                .get(9..12)
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            let status: u16 = status.ok_or("an answer without a status")?;
            if length.is_none() && status != 304 {
                return Err("an answer without Content-Length".to_owned());
            }
            return Ok(Some((start, status, length.unwrap_or_default())));
        }
        if line.len() > 16 && line[..16].eq_ignore_ascii_case(b"content-length: ") {
            let digits = std::str::from_utf8(&line[16..]).unwrap_or_default().trim();
            length = Some(digits.parse().map_err(|_| "an unreadable Content-Length")?);
        }
    }
    Ok(None)
}

/// Processor seconds of a process so far, where the system tells it.
pub fn processor_seconds(process: &str) -> f64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
        return 0.0;
    };
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|text| text.parse().ok())
        .collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// One request on a connection of its own: status, headers in lower case, body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Fetches a path; the status must be the one expected.
pub fn fetch(address: SocketAddr, path: &str, headers: &[(&str, &str)], status: u16) -> Answer {
    let answer =
        try_fetch(address, path, headers).unwrap_or_else(|error| panic!("GET {path}: {error}"));
    assert_eq!(
        answer.status,
        status,
        "GET {path}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    answer
}

/// Sends lines in bulk, and returns those that came back.
pub fn upload(address: SocketAddr, key: &str, lines: &[u8]) -> std::io::Result<String> {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address)?;
    let head = format!(
        "POST /v1/editor/bulk HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\
         Connection: close\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        lines.len()
    );
    let mut sending = stream.try_clone()?;
    std::thread::scope(|scope| {
        let sent = scope.spawn(move || {
            sending.write_all(head.as_bytes())?;
            sending.write_all(lines)
        });
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        match sent.join() {
            Ok(sent) => sent.map(|()| whole(&answer)),
            Err(_) => Err(std::io::Error::other("the sender panicked")),
        }
    })
}

/// The body of an answer that came in chunks.
fn whole(answer: &[u8]) -> String {
    let line = |bytes: &[u8]| bytes.windows(2).position(|two| two == b"\r\n");
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let mut rest = &answer[head.map_or(answer.len(), |head| head + 4)..];
    let mut body = Vec::new();
    while let Some(end) = line(rest)
        && let Ok(size) = std::str::from_utf8(&rest[..end])
        && let Ok(size @ 1..) = usize::from_str_radix(size, 16)
        && let Some(chunk) = rest.get(end + 2..end + 2 + size)
    {
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Fetches a path.
pub fn try_fetch(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> std::io::Result<Answer> {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address)?;
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .copied()
        .chain([("Connection", "close")])
        .collect();
    stream.write_all(&request("GET", path, &headers, b""))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let broken = || std::io::Error::other("not an HTTP answer");
    let (head, status, _) = parse(&bytes)
        .map_err(std::io::Error::other)?
        .ok_or_else(broken)?;
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let headers = text.lines().skip(1).filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    });
    Ok(Answer {
        status,
        headers: headers.collect(),
        body: bytes[head..].to_vec(),
    })
}
