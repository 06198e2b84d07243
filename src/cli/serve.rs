//! `serve`, `migrate` and `openapi`.

use crate::app::{self, Run, Server};
use crate::config::{ServeSettings, Settings};
use crate::db::{self, Database};
use crate::error::{Result, internal};

/// Answers requests until told to stop.
pub fn run(settings: &Settings, serve: &ServeSettings) -> Result<()> {
    let config = settings.check_with(Some(serve))?;
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let run = Run {
        bind: serve.bind,
        workers: serve.workers.unwrap_or(cores),
        shutdown_timeout: serve.shutdown_timeout,
        signals: true,
    };
    actix_web::rt::System::new().block_on(async move {
        let server = Server::start(config, run).await?;
        eprintln!("Perspektive listens on http://{}", server.address);
        server.running.await.map_err(internal)
    })
}

/// Brings the schema up to date and names what ran.
pub fn migrate(settings: &Settings) -> Result<()> {
    let config = settings.check()?;
    db::create_folder(&config.database)?;
    let database = Database::new(&config.database, 1)?;
    let ran = db::migrate::run(&database)?;
    for name in &ran {
        eprintln!("ran {name}");
    }
    if ran.is_empty() {
        eprintln!("The schema is up to date.");
    }
    Ok(())
}

/// Prints the spec.
pub fn openapi() -> Result<()> {
    print!("{}", app::description()?);
    Ok(())
}
