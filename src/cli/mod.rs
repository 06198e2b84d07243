//! The commands. Each is thin: it reads its arguments and calls what the routes
//! call too.

mod backup;
mod check;
mod key;
mod serve;
mod user;

use std::io::{ErrorKind, Write};
use std::path::Path;

use clap::{Parser, Subcommand};

use crate::config::{ServeSettings, Settings};
use crate::error::{Result, internal};
use crate::state::State;

/// A headless content API for newsrooms.
///
/// Start with `perspektive serve`: it makes its own database and says how to go on.
#[derive(Parser, Debug)]
#[command(name = "perspektive", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Answer requests
    Serve {
        #[command(flatten)]
        serve: ServeSettings,
    },
    /// Bring the database's schema up to date (`serve` does so by itself)
    Migrate,
    /// Add and change users
    #[command(subcommand)]
    User(user::UserCommand),
    /// Make and revoke keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Write the whole newsroom into one file, while the server runs
    ///
    /// The file is the same kind whatever the database, so it is also the way from one to the other.
    /// It holds everything but the secret that access tokens are signed with.
    Backup(backup::BackupArgs),
    /// Read a backup into an empty database, of either kind
    ///
    /// Restart servers that run on this database: what they hold in memory is from before.
    /// Keys, passwords and sign-ins go on working.
    Restore(backup::RestoreArgs),
    /// Look at settings, folder and database, and say what to mend
    ///
    /// Ends with exit code 1 if something is wrong that keeps the server from working safely.
    Check {
        #[command(flatten)]
        serve: ServeSettings,
    },
    /// Print the OpenAPI description of all routes
    Openapi,
}

/// Parses the command line, reads `.env`, and runs the command.
pub fn run() -> Result<()> {
    read_env_file(Path::new(".env"))?;
    let cli = Cli::parse();
    crate::telemetry::start(&cli.settings)?;
    match &cli.command {
        Command::Serve { serve } => serve::run(&cli.settings, serve),
        Command::Migrate => serve::migrate(&cli.settings),
        Command::User(command) => user::run(&cli.settings, command),
        Command::Key(command) => key::run(&cli.settings, command),
        Command::Backup(arguments) => backup::backup(&cli.settings, arguments),
        Command::Restore(arguments) => backup::restore(&cli.settings, arguments),
        Command::Check { serve } => check::run(&cli.settings, serve),
        Command::Openapi => serve::openapi(),
    }
}

/// Takes settings from a file, if it is there; the variables that are set
/// already win. A line that can't be read is named by its number, never shown:
/// it may hold a password.
fn read_env_file(path: &Path) -> Result<()> {
    let shown = path.display();
    match dotenvy::from_path(path) {
        Ok(()) => Ok(()),
        Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(dotenvy::Error::LineParse(text, _)) => {
            // The text may be a whole line or only the value on it.
            let text = text.lines().next().unwrap_or_default();
            let file = std::fs::read_to_string(path)?;
            let number = file.lines().position(|line| line.contains(text));
            let number = number.map_or(0, |before| before + 1);
            Err(internal(format!(
                "{shown}: line {number} can't be read; write NAME='value', in single quotes if there are spaces, quotes, $ or # in the value"
            )))
        }
        Err(error) => Err(internal(format!("{shown}: {error}"))),
    }
}

/// Prints on standard output. Whoever stops reading early (`| head`) has seen
/// enough; that is no error.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Opens the newsroom for a command, bringing its schema up to date. A server
/// may be running on the same database.
fn open(settings: &Settings) -> Result<State> {
    crate::app::prepare(settings.check()?)
}
