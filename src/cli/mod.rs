//! The commands. Each is thin: it reads its arguments and calls what the routes
//! call too.

mod key;
mod serve;
mod user;

use clap::{Parser, Subcommand};

use crate::config::{ServeSettings, Settings};
use crate::error::Result;
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
    /// Print the OpenAPI description of all routes
    Openapi,
}

/// Parses the command line, reads `.env`, and runs the command.
pub fn run() -> Result<()> {
    // A missing file is no error; the variables that are set already win.
    let _ = dotenvy::dotenv();
    let cli = Cli::parse();
    crate::telemetry::start(&cli.settings)?;
    match &cli.command {
        Command::Serve { serve } => serve::run(&cli.settings, serve),
        Command::Migrate => serve::migrate(&cli.settings),
        Command::User(command) => user::run(&cli.settings, command),
        Command::Key(command) => key::run(&cli.settings, command),
        Command::Openapi => serve::openapi(),
    }
}

/// Opens the newsroom for a command, bringing its schema up to date. A server
/// may be running on the same database.
fn open(settings: &Settings) -> Result<State> {
    crate::app::prepare(settings.check()?)
}
