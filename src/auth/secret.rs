//! The secret that access tokens are signed with: made once, never typed in.
//!
//! With SQLite it is a file beside the database, readable by its owner only.
//! With PostgreSQL it is a row, because all nodes must have the same.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use secrecy::SecretString;

use crate::db::Url;
use crate::error::{Result, internal};
use crate::state::State;

const NAME: &str = "signing-secret";
const BYTES: usize = 32;

/// Reads the secret, or makes it if there is none.
pub fn load(state: &State) -> Result<SecretString> {
    let secret = match &state.config.database {
        Url::Sqlite(_) => from_file(&state.config.data_dir)?,
        Url::Postgres(_) => {
            let fresh = generate()?;
            state.write_blocking(|tx| Ok(crate::store!(tx.conn, secrets::keep(NAME, &fresh))?))?
        }
    };
    // A truncated file would still sign, with a secret that can be guessed.
    if secret.len() != BYTES * 2 || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(internal(format!(
            "the signing secret must be {} hexadecimal digits; delete it, and a new one is made (everybody signs in again; keys go on working)",
            BYTES * 2
        )));
    }
    Ok(secret.into())
}

/// Where the secret is with SQLite.
pub fn file(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

fn from_file(folder: &Path) -> Result<String> {
    let path = file(folder);
    let cannot = |error: std::io::Error| internal(format!("{}: {error}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(secret) => {
            warn_if_others_can_read(&path);
            return Ok(secret.trim().to_owned());
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(cannot(error)),
    }
    crate::db::private_folder(folder)?;
    // Written whole under another name and then linked: nobody ever reads half
    // a secret, and of two processes that start at once one wins.
    let draft = folder.join(format!(".{NAME}-{}", uuid::Uuid::new_v4().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        let secret = generate().map_err(std::io::Error::other)?;
        file.write_all(format!("{secret}\n").as_bytes())?;
        file.sync_all()
    });
    let linked = written.and_then(|()| match std::fs::hard_link(&draft, &path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    let removed = std::fs::remove_file(&draft);
    linked.and(removed).map_err(cannot)?;
    let secret = std::fs::read_to_string(&path).map_err(cannot)?;
    Ok(secret.trim().to_owned())
}

/// Whoever reads the secret can sign in as anybody; `check` calls it an error.
fn warn_if_others_can_read(path: &Path) {
    #[cfg(unix)]
    if let Ok(data) = std::fs::metadata(path)
        && std::os::unix::fs::MetadataExt::mode(&data) & 0o077 != 0
    {
        let path = path.display();
        tracing::warn!(
            "others can read {path}, with which access tokens are signed: chmod 600 {path}"
        );
    }
}

fn generate() -> Result<String> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| internal("no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
