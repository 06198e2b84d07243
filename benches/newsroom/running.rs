//! What it takes to run the server: time to start, memory, bytes of a list, and
//! to build it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use perspektive::error::{Result, internal};

use crate::Scale;
use crate::corpus::Library;
use crate::generator::{self, Plan};
use crate::process::Server;
use crate::report::{Report, Row, Series, Target, number, targets};
use crate::text::{self, Dice};

pub fn run(library: &Library, scale: &Scale, report: &mut Report) -> Result<()> {
    for engine in library.engines() {
        let corpus = library.corpus(engine, scale.large)?;
        let of = format!("{}, {} articles", engine.name(), number(scale.large as f64));
        let path = format!("/v1/articles/{}", text::slug(scale.large / 2));

        let mut starts = Series::default();
        for _ in 0..5 {
            let began = Instant::now();
            let server = Server::start(&corpus.url, None, &corpus.data);
            generator::fetch(server.address, &path, &[], 200);
            starts.0.push(began.elapsed().as_secs_f64() * 1e3);
        }
        report.add(value(
            format!("start to first answer, {of}"),
            starts,
            "ms",
            Some(targets::START),
        ));

        let server = Server::start(&corpus.url, None, &corpus.data);
        generator::fetch(server.address, "/health/ready", &[], 200);
        std::thread::sleep(Duration::from_secs(2));
        let memory = |report: &mut Report, name: String, target| match server.resident() {
            Some(bytes) => report.add(value(name, Series(vec![bytes as f64 / 1e6]), "MB", target)),
            None => report.leave_out(format!("{name}: this system doesn't tell")),
        };
        memory(
            report,
            format!("memory, idle, {of}"),
            Some(targets::MEMORY_IDLE),
        );
        let mut numbers: Vec<usize> = (0..scale.large).collect();
        Dice::new(8, 0).shuffle(&mut numbers);
        let requests: Vec<Vec<u8>> = numbers
            .iter()
            .map(|number| {
                generator::request(
                    "GET",
                    &format!("/v1/articles/{}", text::slug(*number)),
                    &[],
                    b"",
                )
            })
            .collect();
        let file = library.scratch().join("all");
        generator::write(&file, &requests)?;
        generator::run(&Plan {
            address: server.address,
            requests: file,
            first: 0,
            count: Some(requests.len()),
            millis: 0,
            connections: 32,
            threads: scale.threads,
            status: 200,
        });
        memory(
            report,
            format!("memory, every article read once, default cache, {of}"),
            Some(targets::MEMORY_FULL),
        );

        for (coding, target) in [(None, targets::LIST_PLAIN), (Some("br"), targets::LIST_BR)] {
            let headers: Vec<(&str, &str)> = coding
                .iter()
                .map(|coding| ("Accept-Encoding", *coding))
                .collect();
            let answer = generator::fetch(server.address, "/v1/articles", &headers, 200);
            assert_eq!(answer.header("content-encoding"), coding);
            let name = format!(
                "list of 20 cards with images, {}, {}",
                coding.unwrap_or("plain"),
                engine.name()
            );
            report.add(value(
                name,
                Series(vec![answer.body.len() as f64 / 1e3]),
                "KB",
                Some(target),
            ));
        }
    }
    Ok(())
}

fn value(case: String, measured: Series, unit: &str, target: Option<Target>) -> Row {
    Row {
        case,
        value: format!("{} {unit}", number(measured.median())),
        comparison: String::new(),
        measured,
        is_ratio: false,
        target,
    }
}

/// Crates that the binary is made of.
fn crates(report: &mut Report) -> Result<()> {
    let mut tree = cargo();
    tree.args([
        "tree",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let output = tree.output()?;
    if !output.status.success() {
        return Err(internal(String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut names: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    names.sort_unstable();
    names.dedup();
    report.add(value(
        "crates in a release build".to_owned(),
        Series(vec![names.len() as f64]),
        "",
        None,
    ));
    Ok(())
}

/// A release build from nothing but the sources of the crates, and the first
/// answer of what was built.
pub fn build(target: &Path, library: &Library, report: &mut Report) -> Result<()> {
    crates(report)?;
    let folder = target.join("bench-build");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let began = Instant::now();
    let status = cargo()
        .args(["build", "--release", "--target-dir"])
        .arg(&folder)
        .status()?;
    if !status.success() {
        return Err(internal("the release build failed"));
    }
    let binary = folder.join("release/perspektive");
    let new = library.scratch().join("new.db");
    let server = Server::of(
        &binary,
        &format!("sqlite://{}", new.display()),
        None,
        library.scratch(),
    );
    generator::fetch(server.address, "/v1/site", &[], 200);
    let took = began.elapsed().as_secs_f64();
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    report.add(value(
        "clean release build to first answer".to_owned(),
        Series(vec![took]),
        "s",
        Some(targets::BUILD),
    ));
    Ok(())
}

fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}
