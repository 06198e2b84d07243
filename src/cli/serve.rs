//! `serve`, `migrate` and `openapi`.

use std::path::Path;
use std::time::Duration;

use crate::app::{self, Run, Server};
use crate::config::{Config, ServeSettings, Settings};
use crate::db::{self, Database};
use crate::error::Result;
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
        demo: serve.demo,
    };
    let delay = Duration::from_secs(serve.shutdown_delay);
    let timeout = Duration::from_secs(serve.shutdown_timeout);
    raise_file_limit(serve.streams_max);
    let system = actix_web::rt::System::new();
    let ended = system.block_on(async move {
        let server = Server::start(config, run).await?;
        eprintln!("Perspektive listens on http://{}", server.address);
        if !server.state.read(users::ops::any).await? {
            eprintln!("{how_to_begin}");
        }
        server.until_told(delay, timeout).await
    });
    // Taking the runtime down would wait for every job on the database, even
    // for one that hangs and that nobody waits for any more.
    std::mem::forget(system);
    ended
}

/// Lets this process hold as many connections as the system's hard limit
/// allows; the soft one is often 1024. Says so if that is too few for the event
/// streams that the settings allow.
fn raise_file_limit(streams: usize) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const ENOUGH: u64 = 65_536;
        /// What else is open: files, the database, whoever reads and writes.
        const OTHERS: u64 = 1_000;
        let limit = getrlimit(Resource::Nofile);
        let wanted = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
        if limit.current.is_some_and(|current| current < wanted) {
            let raised = Rlimit {
                current: Some(wanted),
                maximum: limit.maximum,
            };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!(%error, "the limit of open files can't be raised");
            }
        }
        let reached = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        if reached < streams as u64 + OTHERS {
            tracing::warn!(
                limit = reached,
                "STREAMS_MAX allows {streams} event streams, and this process may not open that many files; raise the hard limit (ulimit -Hn, LimitNOFILE), or lower STREAMS_MAX"
            );
        }
    }
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
    let ran = db::migrate::run_telling(&database, &mut |name| eprintln!("Running {name} …"))?;
    match ran.len() {
        0 => eprintln!("The schema is up to date."),
        1 => eprintln!("Ran 1 migration; the schema is up to date."),
        many => eprintln!("Ran {many} migrations; the schema is up to date."),
    }
    Ok(())
}

/// Prints the spec.
pub fn openapi() -> Result<()> {
    super::print(&app::description()?)
}
