//! `user`: the people of the newsroom.

use std::io::{IsTerminal, Read};

use clap::Subcommand;

use crate::auth::passwords::{Hash, Password};
use crate::auth::{Actor, Role};
use crate::config::Settings;
use crate::error::{Result, internal, invalid_all};
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
}

/// Runs one of them.
pub fn run(settings: &Settings, command: &UserCommand) -> Result<()> {
    let actor = Actor::command();
    match command {
        UserCommand::Add {
            name,
            role,
            password_stdin,
        } => {
            let password = password_stdin.then(new_password).transpose()?;
            let state = super::open(settings)?;
            let new = ops::New {
                name: name.clone(),
                role: *role,
                password,
            };
            let user = state.write_blocking(|tx| ops::add(tx, &actor, new))?;
            eprintln!("Added {} as {}.", user.name, user.role);
        }
    }
    Ok(())
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
