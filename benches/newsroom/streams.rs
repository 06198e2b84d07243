//! Open event streams: what so many of them cost, and how soon a change is with all.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use perspektive::error::{Result, internal};
use serde_json::json;

use crate::Scale;
use crate::corpus::{self, Library};
use crate::generator;
use crate::process::Server;
use crate::report::{Report, Row, Series, number, targets};

/// Streams that are opened.
const STREAMS: usize = 5_000;
/// Files that this program has open besides.
const OTHERS: u64 = 200;

/// A stream that is open, and what was read of it and not looked at yet.
struct Stream {
    connection: TcpStream,
    read: Vec<u8>,
}

impl Stream {
    fn open(server: &Server) -> Result<Self> {
        let mut connection = TcpStream::connect(server.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(30)))?;
        let request = generator::request("GET", "/v1/events", &[], b"");
        connection.write_all(&request)?;
        Ok(Stream {
            connection,
            read: Vec::new(),
        })
    }

    /// Reads on until this has arrived.
    fn wait_for(&mut self, text: &str) -> Result<()> {
        let mut buffer = [0; 4_096];
        let there = |read: &[u8]| {
            read.windows(text.len())
                .position(|part| part == text.as_bytes())
        };
        loop {
            if let Some(at) = there(&self.read) {
                self.read.drain(..at + text.len());
                return Ok(());
            }
            match self.connection.read(&mut buffer)? {
                0 => return Err(internal(format!("a stream ended before {text}"))),
                length => self.read.extend_from_slice(&buffer[..length]),
            }
        }
    }
}

pub fn run(library: &Library, scale: &Scale, report: &mut Report) -> Result<()> {
    let streams = match raise_file_limit() {
        limit if limit >= STREAMS as u64 + OTHERS => STREAMS,
        limit => {
            let streams = limit.saturating_sub(OTHERS) as usize;
            report.leave_out(format!(
                "{STREAMS} event streams; `ulimit -Hn` allows {streams}"
            ));
            streams
        }
    };
    for engine in library.engines() {
        let base = library.corpus(engine, scale.small)?;
        let copy = library.copy(&base)?;
        let key = corpus::admin_key(&copy.url)?;
        let server = Server::start(&copy.url, None, library.scratch());
        generator::fetch(server.address, "/v1/home", &[], 200);
        std::thread::sleep(Duration::from_secs(1));
        let before = server.resident();

        let began = Instant::now();
        let mut open = Vec::with_capacity(streams);
        for _ in 0..streams {
            let mut stream = Stream::open(&server)?;
            stream.wait_for("event: ready")?;
            open.push(stream);
        }
        let took = began.elapsed().as_secs_f64();
        std::thread::sleep(Duration::from_secs(2));
        let idle = server.resident();

        let mut reached = Series::default();
        for round in 0..=scale.rounds {
            let body = json!({"headline": format!("Eilmeldung {round}"), "section": "politik", "body": {"markdown": "Mehr in Kürze."}});
            let headers = [
                ("Authorization", &*format!("Bearer {key}")),
                ("Content-Type", "application/json"),
            ];
            let path = format!("/v1/editor/articles/eilmeldung-{round}?publish=true");
            let request = generator::request("PUT", &path, &headers, body.to_string().as_bytes());
            let mut writer = TcpStream::connect(server.address)?;
            let began = Instant::now();
            writer.write_all(&request)?;
            for stream in &mut open {
                stream.wait_for(&format!("eilmeldung-{round}\""))?;
            }
            // The first round only warms up.
            if round > 0 {
                reached.0.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
        let busy = server.resident();
        let of = format!(
            "{} event streams, {}",
            number(streams as f64),
            engine.name()
        );
        match (before, idle, busy) {
            (Some(before), Some(idle), Some(busy)) => {
                for (name, after) in [("open", idle), ("after changes", busy)] {
                    let more = after.saturating_sub(before) as f64 / 1e6;
                    let target = (streams == STREAMS).then_some(targets::STREAMS);
                    report.add(value(format!("memory of {of}, {name}"), more, "MB", target));
                }
            }
            _ => report.leave_out(format!("memory of {of}: this system doesn't tell")),
        }
        let median = reached.median();
        report.add(value(
            format!("from PUT to the last of {of}"),
            median,
            "ms",
            None,
        ));
        let rate = streams as f64 / took;
        report.add(value(
            format!("opening {of}, one after another"),
            rate,
            "/s",
            None,
        ));
    }
    Ok(())
}

fn value(case: String, value: f64, unit: &str, target: Option<crate::report::Target>) -> Row {
    Row {
        case,
        value: format!("{value:.1} {unit}"),
        comparison: String::new(),
        measured: Series(vec![value]),
        is_ratio: false,
        target,
    }
}

/// How many files this program may have open, after asking for enough.
fn raise_file_limit() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = STREAMS as u64 + OTHERS;
        let raised = Rlimit {
            current: Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted))),
            maximum: limit.maximum,
        };
        if limit.current.is_some_and(|current| current < wanted) {
            let _ = setrlimit(Resource::Nofile, raised);
        }
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    {
        STREAMS as u64 + OTHERS
    }
}
