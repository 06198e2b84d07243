//! `user`: the people of the newsroom.

use std::io::{IsTerminal, Read};

use clap::Subcommand;

use crate::auth::passwords::{Hash, Password};
use crate::auth::{Actor, Role};
use crate::config::Settings;
use crate::error::{Result, internal, invalid_all};
use crate::http::conditional::Expect;
use crate::users::ops;

/// What can be done with users.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Add a user
    ///
    /// Without a password the user can't sign in and works with keys only:
    ///   perspektive user add nightly-import --role author
    ///
    /// With one:
    ///   perspektive user add anna --role admin --password-stdin < password.txt
    #[command(verbatim_doc_comment)]
    Add {
        /// Name: 2 to 40 of a-z, 0-9, dot, hyphen and underscore
        name: String,
        /// viewer reads drafts, author writes their own, editor publishes everything, admin keeps users too
        #[arg(long)]
        role: Role,
        /// Read a password from standard input (at least 12 characters)
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users
    List,
    /// Set a user's password, which ends their sign-ins
    ///
    ///   perspektive user password anna --password-stdin < password.txt
    #[command(verbatim_doc_comment)]
    Password {
        /// The user's name
        name: String,
        /// Read the password from standard input (at least 12 characters)
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// End a user's sign-ins and stop their keys, at once
    Disable {
        /// The user's name
        name: String,
    },
    /// Let a disabled user in again
    Enable {
        /// The user's name
        name: String,
    },
    /// Give a user another role, at once
    Role {
        /// The user's name
        name: String,
        /// viewer, author, editor or admin
        role: Role,
    },
}

/// Runs one of them.
pub fn run(settings: &Settings, command: &UserCommand) -> Result<()> {
    match command {
        UserCommand::Add {
            name,
            role,
            password_stdin,
        } => add(settings, name, *role, *password_stdin),
        UserCommand::List => list(settings),
        UserCommand::Password { name, .. } => {
            let password = Some(Some(new_password()?));
            let change = ops::Change {
                password,
                ..Default::default()
            };
            change_user(
                settings,
                name,
                change,
                "has a new password; their sign-ins have ended",
            )
        }
        UserCommand::Disable { name } => {
            let disabled = Some(true);
            let change = ops::Change {
                disabled,
                ..Default::default()
            };
            change_user(settings, name, change, "is disabled")
        }
        UserCommand::Enable { name } => {
            let disabled = Some(false);
            let change = ops::Change {
                disabled,
                ..Default::default()
            };
            change_user(settings, name, change, "is enabled")
        }
        UserCommand::Role { name, role } => {
            let change = ops::Change {
                role: Some(*role),
                ..Default::default()
            };
            change_user(settings, name, change, &format!("is now {role}"))
        }
    }
}

fn add(settings: &Settings, name: &str, role: Role, password_stdin: bool) -> Result<()> {
    let password = password_stdin.then(new_password).transpose()?;
    let new = ops::New {
        name: name.to_owned(),
        role,
        password,
    };
    let state = super::open(settings)?;
    let user = state.write_blocking(|tx| ops::add(tx, &Actor::command(), new))?;
    eprintln!("Added {} as {}.", user.name, user.role);
    Ok(())
}

fn change_user(settings: &Settings, name: &str, change: ops::Change, done: &str) -> Result<()> {
    let state = super::open(settings)?;
    state
        .write_blocking(|tx| ops::change(tx, &Actor::command(), name, Expect::Anything, change))?;
    eprintln!("{name} {done}.");
    Ok(())
}

fn list(settings: &Settings) -> Result<()> {
    let users = super::open(settings)?.read_blocking(|c| ops::list(c, None, i64::MAX))?;
    let line = |[name, role, state, added]: [&str; 4]| {
        format!("{name:<40}  {role:<8}  {state:<8}  {added}\n")
    };
    let mut text = line(["NAME", "ROLE", "STATE", "ADDED"]);
    for user in users {
        let state = match (&user.disabled_at, &user.password_hash) {
            (Some(_), _) => "disabled",
            (None, Some(_)) => "password",
            (None, None) => "keys",
        };
        let added = user.created_at.to_string();
        text += &line([&user.name, user.role.as_str(), state, &added]);
    }
    super::print(&text)
}

/// Reads a new password from standard input and hashes it.
fn new_password() -> Result<Hash> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Type the password (it will be seen), then Ctrl-D on a line of its own:");
    }
    let mut text = String::new();
    input
        .read_to_string(&mut text)
        .map_err(|error| internal(format!("the password can't be read: {error}")))?;
    // What `echo` and editors put at the end is not part of it.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let password = Password::new(text.strip_suffix('\r').unwrap_or(text));
    let mut errors = Vec::new();
    password.check("the password", &mut errors);
    if !errors.is_empty() {
        return Err(invalid_all(errors));
    }
    Hash::of(&password)
}
