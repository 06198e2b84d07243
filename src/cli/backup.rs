//! `backup` and `restore`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;

use crate::backup;
use crate::config::Settings;
use crate::error::Result;

/// Where a backup goes.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// The file to write
    file: PathBuf,
    /// Replace the file if it is there already
    #[arg(long)]
    force: bool,
}

/// Where a backup comes from.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The file that `backup` wrote
    file: PathBuf,
    /// Replace everything in the database, if there is anything; all of it or nothing
    #[arg(long)]
    force: bool,
}

/// Writes a backup.
pub fn backup(settings: &Settings, arguments: &BackupArgs) -> Result<()> {
    let config = settings.check()?;
    let progress = Progress::new();
    let done = backup::backup(&config, &arguments.file, arguments.force, &|text| {
        progress.tell(&text)
    });
    progress.end();
    let megabytes = done? as f64 / f64::from(1 << 20);
    eprintln!("Wrote {} ({megabytes:.1} MB).", arguments.file.display());
    Ok(())
}

/// Reads one.
pub fn restore(settings: &Settings, arguments: &RestoreArgs) -> Result<()> {
    let config = settings.check()?;
    let progress = Progress::new();
    let done = backup::restore(&config, &arguments.file, arguments.force, &|text| {
        progress.tell(&text)
    });
    progress.end();
    done?;
    eprintln!("Restored {}.", arguments.file.display());
    if arguments.force {
        eprintln!(
            "Restart the servers that run on this database: what they hold in memory is from before."
        );
    }
    Ok(())
}

/// Tells on standard error how far things are, once a second, and nothing of
/// what takes less than one.
struct Progress {
    last: Mutex<Instant>,
    told: Mutex<bool>,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Progress {
            last: Mutex::new(Instant::now()),
            told: Mutex::new(false),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn tell(&self, text: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < Duration::from_secs(1) {
            return;
        }
        *last = Instant::now();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        match self.terminal {
            true => eprint!("\r\x1b[K{text}"),
            false => eprintln!("{text}"),
        }
        let _ = std::io::stderr().flush();
    }

    fn end(&self) {
        if self.terminal && *self.told.lock().unwrap_or_else(PoisonError::into_inner) {
            eprint!("\r\x1b[K");
        }
    }
}
