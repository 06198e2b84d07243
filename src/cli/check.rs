//! `check`: is everything set up as it should be?

use crate::check::{self, Level};
use crate::config::{ServeSettings, Settings};
use crate::error::{Result, internal};

/// Prints what was found, a line each, on standard output.
pub fn run(settings: &Settings, serve: &ServeSettings) -> Result<()> {
    let findings = check::run(settings, serve);
    let lines = findings
        .iter()
        .map(|finding| format!("{:<8} {}\n", finding.level, finding.text));
    super::print(&lines.collect::<String>())?;
    match findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .count()
    {
        0 => Ok(()),
        1 => Err(internal("1 error")),
        errors => Err(internal(format!("{errors} errors"))),
    }
}
