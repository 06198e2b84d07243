//! `key`: what scripts sign in with.

use clap::Subcommand;

use crate::auth::{Actor, Key, Right};
use crate::config::Settings;
use crate::db::Time;
use crate::error::Result;
use crate::keys::{KeyIn, ops};

/// What can be done with keys.
#[derive(Subcommand, Debug)]
pub enum KeyCommand {
    /// Make a key, and print it and nothing else on standard output
    ///
    /// It is shown this once:
    ///   KEY=$(perspektive key add --user anna --name nightly --scope read --scope write --expires 90d)
    #[command(verbatim_doc_comment)]
    Add {
        /// Whose key it is
        #[arg(long)]
        user: String,
        /// Name of the key, unique among the user's keys
        #[arg(long)]
        name: String,
        /// What it may do, of what its owner may: read, write, publish, manage, administer [default: all of it]
        #[arg(long = "scope", value_name = "RIGHT")]
        scopes: Vec<Right>,
        /// When it stops working: in 90d, 12h or 30m, or at 2027-01-31T00:00:00Z [default: never]
        #[arg(long, value_name = "WHEN", value_parser = expiry)]
        expires: Option<Expiry>,
    },
    /// List the keys that are not revoked
    List {
        /// Only this user's
        #[arg(long)]
        user: Option<String>,
    },
    /// Revoke a key: it opens nothing from now on
    Revoke {
        /// Whose key it is
        #[arg(long)]
        user: String,
        /// Name of the key
        #[arg(long)]
        name: String,
    },
}

/// Runs one of them.
pub fn run(settings: &Settings, command: &KeyCommand) -> Result<()> {
    let actor = Actor::command();
    let state = super::open(settings)?;
    match command {
        KeyCommand::Add {
            user,
            name,
            scopes,
            expires,
        } => {
            let new = KeyIn {
                user: Some(user.clone()),
                name: name.clone(),
                scopes: (!scopes.is_empty()).then(|| scopes.clone()),
                expires_at: expires.map(|expires| expires.from(state.now())),
            };
            let made = state.write_blocking(|tx| ops::add(tx, &actor, new))?;
            super::print(&format!("{}\n", made.secret))?;
        }
        KeyCommand::List { user } => {
            let whose = user.as_deref().unwrap_or("*");
            let keys =
                state.read_blocking(|c| ops::list(c, &actor, Some(whose), None, i64::MAX))?;
            super::print(&table(&keys))?;
        }
        KeyCommand::Revoke { user, name } => {
            state.write_blocking(|tx| {
                let key = ops::by_name(&mut tx.conn, &actor, user, name)?;
                ops::revoke(tx, &actor, key.id)
            })?;
            eprintln!("Revoked the key {name} of {user}.");
        }
    }
    Ok(())
}

fn table(keys: &[(Key, String)]) -> String {
    let or_never = |at: Option<Time>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let line = |[user, name, prefix, expires, used, scopes]: [&str; 6]| {
        format!("{user:<20}  {name:<20}  {prefix:<13}  {expires:<20}  {used:<20}  {scopes}\n")
    };
    let mut text = line(["USER", "NAME", "PREFIX", "EXPIRES", "LAST USED", "SCOPES"]);
    for (key, user) in keys {
        let (expires, used) = (or_never(key.expires_at), or_never(key.last_used_at));
        text += &line([user, &key.name, &key.prefix, &expires, &used, &key.scopes]);
    }
    text
}

/// When a key stops working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// At an instant.
    At(Time),
    /// After so many seconds.
    In(i64),
}

impl Expiry {
    fn from(self, now: Time) -> Time {
        match self {
            Expiry::At(at) => at,
            Expiry::In(seconds) => now.plus_seconds(seconds),
        }
    }
}

fn expiry(text: &str) -> Result<Expiry, String> {
    if let Some(at) = Time::parse(text) {
        return Ok(Expiry::At(at));
    }
    let wrong = || "write 90d, 12h or 30m, or an instant such as 2027-01-31T00:00:00Z".to_owned();
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.split_at_checked(split).ok_or_else(wrong)?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    // A hundred years: further off than any key, nearer than the end of time.
    if !(1..=36_500 * 86_400 / seconds).contains(&number) {
        return Err(wrong());
    }
    Ok(Expiry::In(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_span_or_an_instant() {
        assert_eq!(expiry("90d"), Ok(Expiry::In(90 * 86_400)));
        assert_eq!(expiry("30m"), Ok(Expiry::In(1_800)));
        assert!(matches!(expiry("2027-01-31T00:00:00Z"), Ok(Expiry::At(_))));
        for wrong in ["", "d", "0d", "-1d", "90", "90ü", "99999999999999999999d"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }
}
