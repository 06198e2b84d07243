//! The commands. Each is thin: it reads its arguments and calls what the routes
//! call too.

mod serve;

use clap::{Parser, Subcommand};

use crate::config::{ServeSettings, Settings};
use crate::error::Result;

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
        Command::Openapi => serve::openapi(),
    }
}
