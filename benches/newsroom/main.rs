//! Measures Perspektive on this machine, side by side with what it is compared
//! with, and prints a table: `cargo bench`, `cargo bench -- --quick`.
//!
//! Servers, the load generator and the ceilings are processes of their own; this
//! program starts itself again to be the latter two.

mod ceiling;
mod corpus;
mod generator;
mod postgres;
mod process;
mod reading;
mod report;
mod running;
mod search;
mod text;
mod writing;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use perspektive::error::Result;

use corpus::{Engine, Library};
use report::Report;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure Perspektive side by side with what it is compared with
#[derive(Parser)]
struct Cli {
    /// A few minutes instead of half an hour: shorter rounds, 1,000 and 10,000 articles, no build
    #[arg(long)]
    quick: bool,
    /// Articles in the large newsroom
    #[arg(long)]
    articles: Option<usize>,
    /// Leave PostgreSQL out
    #[arg(long)]
    sqlite_only: bool,
    /// Only these parts [default: all; with --quick all but build]
    #[arg(long, value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Of the reading cases only those whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Rounds of each case
    #[arg(long)]
    rounds: Option<usize>,
    /// Milliseconds of each round
    #[arg(long)]
    millis: Option<u64>,
    /// Another binary of the server: the reading cases compare with it as well
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What readers ask for
    Reading,
    /// Whether search finds what was meant
    Search,
    /// What editors send
    Writing,
    /// Start, memory, sizes
    Running,
    /// A clean release build
    Build,
}

impl Part {
    const ALL: [Part; 5] = [
        Part::Reading,
        Part::Search,
        Part::Writing,
        Part::Running,
        Part::Build,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Reading => "reading",
            Part::Search => "search",
            Part::Writing => "writing",
            Part::Running => "running",
            Part::Build => "build",
        }
    }
}

#[derive(Subcommand)]
enum Role {
    /// Fill an empty database with generated articles, and do nothing else
    Corpus {
        /// sqlite://PATH or postgres://…
        #[arg(long)]
        database_url: String,
        /// How many
        #[arg(long, default_value_t = 1_000)]
        articles: usize,
    },
    /// The load generator
    #[command(hide = true)]
    Generate(generator::Plan),
    /// A server with a constant answer
    #[command(hide = true)]
    Ceiling { answer: PathBuf },
}

/// How much is measured.
pub struct Scale {
    /// Articles in the small newsroom.
    pub small: usize,
    /// Articles in the large one.
    pub large: usize,
    /// Rounds of each case.
    pub rounds: usize,
    /// Milliseconds of each round.
    pub millis: u64,
    /// Threads of the load generator: half of the cores.
    pub threads: usize,
    /// Articles sent one by one in a round.
    pub puts: usize,
    /// Articles sent in bulk.
    pub bulk: usize,
    /// Another binary to compare with.
    pub against: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match &cli.role {
        Some(Role::Generate(plan)) => generator::main(plan),
        Some(Role::Ceiling { answer }) => ceiling::main(answer)?,
        Some(Role::Corpus {
            database_url,
            articles,
        }) => {
            let postgres = database_url.starts_with("postgres");
            corpus::fill(
                database_url,
                if postgres {
                    Engine::Postgres
                } else {
                    Engine::Sqlite
                },
                *articles,
            )?;
        }
        None => measure(&cli)?,
    }
    Ok(())
}

fn measure(cli: &Cli) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let quick = |quick, full| if cli.quick { quick } else { full };
    let scale = Scale {
        small: 1_000,
        large: cli.articles.unwrap_or(quick(10_000, 100_000)),
        rounds: cli.rounds.unwrap_or(quick(3, 7)),
        millis: cli.millis.unwrap_or(quick(300, 1_200) as u64),
        threads: (cores / 2).max(1),
        puts: quick(150, 500),
        bulk: quick(1_000, 5_000),
        against: cli.against.clone(),
    };
    let machine = report::machine();
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().unwrap_or(&target).to_owned();
    let mut report = Report::default();
    let library = Library::open(&target, !cli.sqlite_only, &mut report)?;
    for part in Part::ALL {
        let wanted = match cli.parts.as_slice() {
            [] => !(cli.quick && part == Part::Build),
            parts => parts.contains(&part),
        };
        match part {
            _ if !wanted => report.leave_out(format!(
                "the part `{}`, which this run was not asked for",
                part.name()
            )),
            Part::Reading => reading::run(&library, &scale, &cli.only, &mut report),
            Part::Search => search::run(&library, &scale, &mut report)?,
            Part::Writing => writing::run(&library, &scale, &mut report)?,
            Part::Running => running::run(&library, &scale, &mut report)?,
            Part::Build => running::build(&target, &library, &mut report)?,
        }
    }
    if scale.large < 1_000_000 {
        report.leave_out(format!(
            "more than {} articles; `--articles 1000000` does",
            report::number(scale.large as f64)
        ));
    }
    if cli.quick {
        report.leave_out("anything for long: these rounds are short, and the figures rough");
    }
    let mut machine = machine;
    let postgres = library
        .postgres_version()
        .unwrap_or_else(|| "not measured".to_owned());
    machine.push(("PostgreSQL".to_owned(), postgres));
    report.print(&machine);
    Ok(())
}
