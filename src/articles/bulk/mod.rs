//! Many articles in one request: NDJSON in, one line of NDJSON out for each.
//!
//! A line is an operation (`line`): an article as PUT takes it, with `op` for
//! what else can be done to one. Lines are read as they arrive and written in
//! batches of at most `BATCH`, each a transaction of its own and each line a
//! part of it that may fail by itself; no transaction waits for a client. What the
//! lines name is looked up for many at once, and what is new is written together at
//! the end. What comes of each line goes into a spool, from which the client reads
//! when it likes.
//!
//! With `atomic=true` the body is first put aside into a file, then applied in
//! one transaction, and shown when that is committed; at the first line that
//! fails nothing is written, and every line says why. A dry run goes the same
//! way, each line by itself, and is rolled back.

mod line;
pub mod routes;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::line::Operation;
use super::input;
use super::view::Receipt;
use crate::auth::{Actor, Via};
use crate::changes::Tx;
use crate::editing::By;
use crate::error::{CONFLICT, Error, Problem, Result, TOO_LARGE, internal};
use crate::http::edge::{RequestId, document_text};
use crate::http::lines::{Line, Lines};
use crate::http::spool::Spool;
use crate::http::upload::Pieces;

/// Lines that are written in one transaction.
const BATCH: usize = 200;
/// Bytes of lines after which a batch is written, however few they are.
const BATCH_BYTES: usize = 1 << 20;
/// How many lines' names are looked up at once.
const AHEAD: usize = 100;
/// How long a batch waits for more lines: a client that sends one at a time is
/// answered one at a time.
const LINGER: Duration = Duration::from_millis(20);
/// How long a batch waits for its turn and runs.
const BATCH_TIME: Duration = Duration::from_secs(30);
/// The same for a body that is applied as a whole.
const WHOLE_TIME: Duration = Duration::from_secs(1_800);

/// How a body is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Line by line, as they arrive.
    Each,
    /// All or nothing.
    Atomic,
    /// Line by line, and taken back at the end.
    Rehearsal,
}

/// Everything a line's result is made with.
#[derive(Clone)]
struct Context {
    by: By,
    path: String,
    request_id: Option<RequestId>,
}

impl Context {
    fn read(&self, line: &Line) -> Result<Operation> {
        let Some(text) = &line.text else {
            let limit = self.by.config().max_body;
            let detail = format!(
                "The line is longer than {limit} bytes, which is the most this API takes for an article."
            );
            return Err(Problem::new(&TOO_LARGE, detail).into());
        };
        line::read(text, input::Own::new(self.by.config()))
    }

    /// A line of the answer.
    fn result(&self, number: u64, result: Result<Receipt>) -> Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Done<'a> {
            line: u64,
            status: u16,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            dry_run: bool,
            #[serde(flatten)]
            receipt: &'a Receipt,
        }
        let dry_run = self.by.dry_run;
        let mut text = match &result {
            Ok(receipt) => serde_json::to_vec(&Done {
                line: number,
                status: if receipt.result == "created" {
                    201
                } else {
                    200
                },
                dry_run,
                receipt,
            }),
            Err(error) => {
                let problem = error.to_problem();
                if !matches!(error, Error::Problem(_)) {
                    tracing::error!(line = number, %error, "a line of a bulk request failed");
                }
                let document = document_text(&problem, &self.path, self.request_id.as_ref());
                let document: Value = serde_json::from_str(&document).map_err(internal)?;
                let mut members = json!({"line": number, "status": problem.kind.status});
                if dry_run {
                    members["dry_run"] = true.into();
                }
                members["problem"] = document;
                serde_json::to_vec(&members)
            }
        }
        .map_err(internal)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Applies operations one after the other, each a part of the write that may fail
    /// by itself, and hands on what came of it. The first error that isn't a line's own
    /// ends it.
    fn apply_all(
        &self,
        tx: &mut Tx<'_>,
        mut operations: Vec<(u64, Result<Operation>)>,
        mut done: impl FnMut(u64, Result<Receipt>) -> Result<()>,
    ) -> Result<()> {
        while !operations.is_empty() {
            let next = operations.len().min(AHEAD);
            let mut next: Vec<_> = operations.drain(..next).collect();
            line::look_ahead(tx, &mut next)?;
            for (number, operation) in next {
                let result = operation.and_then(|operation| match operation.is_new(&tx.known) {
                    true => tx.gather(|tx| self.apply(tx, operation)),
                    false => tx.attempt(|tx| self.apply(tx, operation)),
                });
                match result {
                    Err(error) if !matches!(error, Error::Problem(_)) => return Err(error),
                    result => done(number, result)?,
                }
            }
        }
        Ok(tx.write_gathered()?)
    }

    fn apply(&self, tx: &mut Tx<'_>, operation: Operation) -> Result<Receipt> {
        let (row, outcome, warnings) = operation.apply(tx, &self.by.actor)?;
        Ok(Receipt::new(
            &row,
            outcome,
            warnings,
            tx.now,
            self.by.config(),
        ))
    }
}

/// Reads a body to its end and writes what comes of it.
async fn run(context: Context, mode: Mode, pieces: Pieces, spool: Spool) {
    let path = context.path.clone();
    let ran = match mode {
        Mode::Each => each(context, pieces, spool).await,
        Mode::Atomic | Mode::Rehearsal => whole(context, mode, pieces, spool).await,
    };
    if let Err(error) = ran {
        tracing::warn!(path, %error, "a bulk request ended early");
    }
}

/// A batch that is being written.
struct Writing {
    /// Hears when it is committed, and what came of those before it is in the spool.
    settled: oneshot::Receiver<()>,
    /// Ends with the spool, when what came of it is in.
    shown: actix_web::rt::task::JoinHandle<Result<Spool>>,
}

/// Writes lines as they arrive: while a batch is written, the next is read, and the
/// results of the one before go into the spool.
async fn each(context: Context, mut pieces: Pieces, spool: Spool) -> Result<()> {
    let mut lines = Lines::new(context.by.config().max_body);
    let mut batch = Vec::new();
    let mut writing = Writing::none(spool);
    loop {
        let next = match batch.is_empty() {
            true => Some(pieces.next().await),
            false => tokio::time::timeout(LINGER, pieces.next()).await.ok(),
        };
        let failed = match next {
            Some(Ok(Some(piece))) => {
                // A piece may hold many lines; no batch gets more than its share.
                let mut arrived = Vec::new();
                lines.push(&piece, &mut arrived);
                for line in arrived {
                    batch.push(line);
                    if is_full(&batch) {
                        writing = go_on(&context, std::mem::take(&mut batch), writing).await?;
                    }
                }
                continue;
            }
            Some(Ok(None)) => {
                lines.finish(&mut batch);
                None
            }
            Some(Err(error)) => Some(error),
            // Nothing more for the moment.
            None => {
                writing = go_on(&context, std::mem::take(&mut batch), writing).await?;
                continue;
            }
        };
        let writing = go_on(&context, batch, writing).await?;
        let mut spool = writing.shown.await.map_err(internal)??;
        if let Some(error) = failed {
            spool.write(&context.result(lines.number(), Err(error))?)?;
            spool.show();
        }
        return Ok(());
    }
}

fn is_full(batch: &[Line]) -> bool {
    let bytes: usize = batch
        .iter()
        .map(|line| line.text.as_ref().map_or(0, Vec::len))
        .sum();
    batch.len() >= BATCH || bytes >= BATCH_BYTES
}

/// Reads a batch, and begins to write it once the one before is committed.
async fn go_on(context: &Context, batch: Vec<Line>, before: Writing) -> Result<Writing> {
    if batch.is_empty() {
        return Ok(before);
    }
    let reading = context.clone();
    let operations = tokio::task::spawn_blocking(move || {
        let read = |line: &Line| (line.number, reading.read(line));
        batch.iter().map(read).collect::<Vec<_>>()
    });
    let operations = operations.await.map_err(internal)?;
    let Writing { settled, shown } = before;
    if settled.await.is_err() {
        shown.await.map_err(internal)??;
        return Err(internal("a batch ended without a word"));
    }
    Ok(Writing::begin(context.clone(), operations, shown))
}

impl Writing {
    /// Nothing is being written.
    fn none(spool: Spool) -> Self {
        let (settle, settled) = oneshot::channel();
        let _ = settle.send(());
        Writing {
            settled,
            shown: actix_web::rt::spawn(async { Ok(spool) }),
        }
    }

    /// Writes a batch in a transaction of its own, and shows what came of it after
    /// what came of the one before.
    fn begin(
        context: Context,
        operations: Vec<(u64, Result<Operation>)>,
        before: actix_web::rt::task::JoinHandle<Result<Spool>>,
    ) -> Self {
        let (settle, settled) = oneshot::channel();
        let shown = actix_web::rt::spawn(async move {
            let text = write(&context, operations).await?;
            let mut spool = before.await.map_err(internal)??;
            // Nobody listens after the last batch.
            let _ = settle.send(());
            let showing = tokio::task::spawn_blocking(move || {
                spool.write(&text)?;
                spool.show();
                Ok(spool)
            });
            showing.await.map_err(internal)?
        });
        Writing { settled, shown }
    }
}

/// Writes a batch, and says what came of each line.
async fn write(context: &Context, operations: Vec<(u64, Result<Operation>)>) -> Result<Vec<u8>> {
    let state = Arc::clone(context.by.state());
    let numbers: Vec<u64> = operations.iter().map(|(number, _)| *number).collect();
    let writing = context.clone();
    let written = state
        .write_within(BATCH_TIME, move |tx| {
            writing.by.enter(tx);
            still_welcome(tx, &writing.by.actor)?;
            let mut text = Vec::new();
            writing.apply_all(tx, operations, |number, result| {
                text.extend(writing.result(number, result)?);
                Ok(())
            })?;
            Ok(text)
        })
        .await;
    match written {
        Ok(text) => Ok(text),
        Err(error) => {
            let failed = numbers
                .into_iter()
                .map(|number| context.result(number, Err(again(&error))));
            Ok(failed.collect::<Result<Vec<_>>>()?.concat())
        }
    }
}

/// The same error for another line.
fn again(error: &Error) -> Error {
    match error {
        Error::Problem(problem) => Error::Problem(problem.clone()),
        error if error.is_outage() => Error::Unavailable(error.to_string()),
        error => internal(error),
    }
}

/// Whoever is disabled, or whose key is revoked, while a long body arrives stops
/// writing with the next batch.
fn still_welcome(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    let user = crate::store!(tx.conn, users::find(actor.id))?;
    let key = match &actor.via {
        Via::Key { id, .. } => crate::store!(tx.conn, keys::find(*id))?.map(|(key, _)| key),
        _ => None,
    };
    let enabled = user.is_some_and(|user| user.disabled_at.is_none());
    let revoked = key.is_some_and(|key| key.revoked_at.is_some());
    if enabled && !revoked {
        return Ok(());
    }
    Err(crate::auth::unauthenticated(
        "The account was disabled, or the key revoked, while this request ran.",
    )
    .into())
}

/// Puts a body aside and applies it as a whole.
async fn whole(context: Context, mode: Mode, mut pieces: Pieces, mut spool: Spool) -> Result<()> {
    let folder = context.by.config().data_dir.clone();
    let mut aside = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder))
        .await
        .map_err(internal)??;
    let failed = loop {
        match pieces.next().await {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some(piece)) => {
                let writing = move || aside.write_all(&piece).map(|()| aside);
                aside = tokio::task::spawn_blocking(writing)
                    .await
                    .map_err(internal)??;
            }
        }
    };
    if let Some(error) = failed {
        spool.write(&context.result(1, Err(error))?)?;
        spool.show();
        return Ok(());
    }
    let work = Arc::new(Mutex::new(Work {
        aside,
        spool,
        failed: None,
    }));
    let job = {
        let (context, work) = (context.clone(), Arc::clone(&work));
        move |tx: &mut Tx<'_>| {
            context.by.enter(tx);
            still_welcome(tx, &context.by.actor)?;
            lock(&work).apply(&context, mode, tx)
        }
    };
    let state = context.by.state();
    let applied = match context.by.dry_run {
        true => state.rehearse_within(WHOLE_TIME, job).await,
        false => state.write_within(WHOLE_TIME, job).await,
    };
    let showing = move || lock(&work).show(&context, applied);
    tokio::task::spawn_blocking(showing)
        .await
        .map_err(internal)?
}

fn lock(work: &Mutex<Work>) -> MutexGuard<'_, Work> {
    work.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A body that was put aside, and what came of it.
struct Work {
    aside: File,
    spool: Spool,
    /// The line at which it ended, and its result.
    failed: Option<(u64, Vec<u8>)>,
}

impl Work {
    /// Applies every line. Blocks.
    fn apply(&mut self, context: &Context, mode: Mode, tx: &mut Tx<'_>) -> Result<()> {
        let Work {
            aside,
            spool,
            failed,
        } = self;
        each_batch(aside, context.by.config().max_body, |lines| {
            let read = |line: &Line| (line.number, context.read(line));
            let operations = lines.iter().map(read).collect();
            context.apply_all(tx, operations, |number, result| match result {
                Err(error) if mode == Mode::Atomic => {
                    *failed = Some((number, context.result(number, Err(again(&error)))?));
                    Err(error)
                }
                result => Ok(spool.write(&context.result(number, result)?)?),
            })
        })
    }

    /// Shows what came of it; of what was not written, why. Blocks.
    fn show(&mut self, context: &Context, applied: Result<()>) -> Result<()> {
        let Work {
            aside,
            spool,
            failed,
        } = self;
        if let Err(error) = applied {
            spool.take_back();
            each_batch(aside, context.by.config().max_body, |lines| {
                lines.iter().try_for_each(|line| {
                    let text = match failed {
                        Some((number, text)) if *number == line.number => std::mem::take(text),
                        Some((number, _)) => {
                            let detail = format!(
                                "Nothing was written, because line {number} was refused. Mend it and send all of it again."
                            );
                            let problem = Problem::new(&CONFLICT, detail).with("line", *number);
                            context.result(line.number, Err(problem.into()))?
                        }
                        None => context.result(line.number, Err(again(&error)))?,
                    };
                    Ok(spool.write(&text)?)
                })
            })?;
        }
        spool.show();
        Ok(())
    }
}

/// Goes through the lines of a file, a batch at a time. Blocks.
fn each_batch(
    file: &mut File,
    limit: usize,
    mut with: impl FnMut(Vec<Line>) -> Result<()>,
) -> Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let (mut lines, mut batch) = (Lines::new(limit), Vec::new());
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece)?;
        let mut arrived = Vec::new();
        match read {
            0 => lines.finish(&mut arrived),
            read => lines.push(&piece[..read], &mut arrived),
        }
        for line in arrived {
            batch.push(line);
            if is_full(&batch) {
                with(std::mem::take(&mut batch))?;
            }
        }
        if read == 0 {
            return with(batch);
        }
    }
}
