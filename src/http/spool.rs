//! What is answered while a request still arrives.
//!
//! Many clients read nothing before they have sent everything, and what they
//! will be told must neither fill the memory nor hold up what they send. So it
//! goes into a file without a name, and from there to the client as fast as it
//! reads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use tokio::sync::Notify;

/// Bytes that are read at once.
const PIECE: u64 = 64 << 10;

struct Shared {
    file: Mutex<File>,
    /// Up to where it may be read.
    shown: AtomicU64,
    ended: AtomicBool,
    moved: Notify,
}

/// Where an answer is written. Dropping it ends the answer.
pub struct Spool {
    shared: Arc<Shared>,
    written: u64,
}

impl Spool {
    /// A file in this folder, gone as soon as nobody uses it. Blocks.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Spool {
            shared: Arc::new(Shared {
                file: Mutex::new(tempfile::tempfile_in(folder)?),
                shown: AtomicU64::new(0),
                ended: AtomicBool::new(false),
                moved: Notify::new(),
            }),
            written: 0,
        })
    }

    /// Writes more, which is not shown yet. Blocks.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.shared.lock();
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Takes back what has not been shown.
    pub fn take_back(&mut self) {
        self.written = self.shared.shown.load(Ordering::Acquire);
    }

    /// Shows all that was written.
    pub fn show(&self) {
        self.shared.shown.store(self.written, Ordering::Release);
        self.shared.moved.notify_one();
    }

    /// The answer's bytes, to its end. To be asked for once.
    pub fn read(&self) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let shared = Arc::clone(&self.shared);
        try_unfold((shared, 0), |(shared, at)| async move {
            loop {
                // In this order: what was shown before the end is not missed.
                let ended = shared.ended.load(Ordering::Acquire);
                let left = shared.shown.load(Ordering::Acquire) - at;
                if left > 0 {
                    let from = Arc::clone(&shared);
                    let reading = move || from.piece(at, left.min(PIECE));
                    let piece = tokio::task::spawn_blocking(reading)
                        .await
                        .map_err(io::Error::other)??;
                    let next = at + piece.len() as u64;
                    return Ok(Some((piece, (shared, next))));
                }
                if ended {
                    return Ok(None);
                }
                shared.moved.notified().await;
            }
        })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.shared.moved.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn piece(&self, at: u64, length: u64) -> io::Result<Bytes> {
        let mut piece = vec![0; length as usize];
        let mut file = self.lock();
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut piece)?;
        Ok(piece.into())
    }
}
