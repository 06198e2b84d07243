//! `serve`, `migrate` and `openapi`.

use std::path::Path;

use crate::app::{self, Run, Server};
use crate::config::{Config, ServeSettings, Settings};
use crate::db::{self, Database};
use crate::error::{Result, internal};
use crate::users;

/// Answers requests until told to stop.
pub fn run(settings: &Settings, serve: &ServeSettings) -> Result<()> {
    let config = settings.check_with(Some(serve))?;
    let how_to_begin = how_to_begin(settings, &config);
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let run = Run {
        bind: serve.bind,
        workers: serve.workers.unwrap_or(cores),
        shutdown_timeout: serve.shutdown_timeout,
        signals: true,
        demo: serve.demo,
    };
    actix_web::rt::System::new().block_on(async move {
        let server = Server::start(config, run).await?;
        eprintln!("Perspektive listens on http://{}", server.address);
        if !server.state.read(users::ops::any).await? {
            eprintln!("{how_to_begin}");
        }
        server.running.await.map_err(internal)
    })
}

/// The commands that lead to a first key, as they have to be typed in another
/// terminal on this machine.
fn how_to_begin(settings: &Settings, config: &Config) -> String {
    let program = std::env::args().next();
    let mut program = program.unwrap_or_else(|| "perspektive".to_owned());
    if config.data_dir != Path::new("data") {
        program.push_str(&format!(" --data-dir {}", config.data_dir.display()));
    }
    // An address may hold a password, which has no place in a log.
    let same = match settings.database_url {
        Some(_) => " (with the same DATABASE_URL)",
        None => "",
    };
    format!(
        "There is no user yet. In another terminal{same}:\n\n  \
         {program} user add anna --role admin --password-stdin   # type a password of 12 characters or more, then Enter and Ctrl-D\n  \
         KEY=$({program} key add --user anna --name first)\n  \
         curl {}/v1/auth/whoami -H \"Authorization: Bearer $KEY\"\n",
        config.public_url
    )
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
