//! A large body in a file without a name: hashed while it arrives, never in
//! memory as a whole, gone as soon as nobody uses it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use actix_web::web::Bytes;
use aws_lc_rs::digest::{Context, SHA256};

use crate::error::{Error, Problem, Result, TOO_LARGE, internal};

/// Bytes that are written at once.
const PIECE: usize = 256 << 10;

/// What has arrived.
pub struct Received {
    /// The bytes.
    pub file: File,
    /// How many.
    pub length: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Received {
    /// All of it, in memory. Blocks.
    pub fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(self.length as usize);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// What is arriving.
pub struct Receiving {
    written: Option<(File, Context)>,
    waiting: Vec<u8>,
    length: u64,
    limit: u64,
}

impl Receiving {
    /// Makes the file, in this folder, for at most so many bytes.
    pub async fn new(folder: PathBuf, limit: u64) -> Result<Self> {
        let made = tokio::task::spawn_blocking(move || {
            crate::db::private_folder(&folder)?;
            Ok::<_, Error>(tempfile::tempfile_in(&folder)?)
        });
        Ok(Receiving {
            written: Some((made.await.map_err(internal)??, Context::new(&SHA256))),
            waiting: Vec::new(),
            length: 0,
            limit,
        })
    }

    /// Takes the next piece; 413 as soon as it is too much.
    pub async fn take(&mut self, piece: Bytes) -> Result<()> {
        self.length += piece.len() as u64;
        if self.length > self.limit {
            return Err(too_large(self.limit));
        }
        self.waiting.extend_from_slice(&piece);
        match self.waiting.len() < PIECE {
            true => Ok(()),
            false => self.write().await,
        }
    }

    async fn write(&mut self) -> Result<()> {
        let Some((mut file, mut hash)) = self.written.take() else {
            return Err(internal("a body could not be written before"));
        };
        let mut waiting = std::mem::take(&mut self.waiting);
        let writing = tokio::task::spawn_blocking(move || {
            hash.update(&waiting);
            file.write_all(&waiting)?;
            waiting.clear();
            Ok::<_, Error>((file, hash, waiting))
        });
        let (file, hash, waiting) = writing.await.map_err(internal)??;
        self.written = Some((file, hash));
        self.waiting = waiting;
        Ok(())
    }

    /// All has arrived.
    pub async fn finish(mut self) -> Result<Received> {
        self.write().await?;
        let Some((file, hash)) = self.written else {
            return Err(internal("a body could not be written before"));
        };
        Ok(Received {
            file,
            length: self.length,
            sha256: hexadecimal(hash.finish().as_ref()),
        })
    }
}

/// Bytes in hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref())
}

/// A 413 that names the limit.
pub fn too_large(limit: u64) -> Error {
    Problem::new(
        &TOO_LARGE,
        format!("The file is larger than {limit} bytes, which is the most this API takes."),
    )
    .with("limit", limit)
    .into()
}
