//! Connections kept open between jobs.
//!
//! How many jobs run at once is bounded by whoever calls (`state` holds a
//! permit for each), so this is a stack of idle connections and nothing more.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Idle connections, newest last.
pub struct Pool<C> {
    idle: Mutex<Vec<C>>,
    size: usize,
    open: Box<dyn Fn() -> Result<C> + Send + Sync>,
}

impl<C> Pool<C> {
    /// A pool that keeps up to `size` connections and opens them with `open`.
    pub fn new(size: usize, open: impl Fn() -> Result<C> + Send + Sync + 'static) -> Self {
        Pool {
            idle: Mutex::default(),
            size,
            open: Box::new(open),
        }
    }

    /// How many connections are kept.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Runs a job on an idle connection or a new one. A connection whose job
    /// met a database error or a panic is closed rather than used again, and
    /// when the database was away the other idle ones are closed with it.
    pub fn with<T>(&self, job: impl FnOnce(&mut C) -> Result<T>) -> Result<T> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => (self.open)()?,
        };
        let result = job(&mut connection);
        match &result {
            Err(error) if error.is_outage() => self.idle().clear(),
            Err(Error::Database(_)) => {}
            _ => {
                let mut idle = self.idle();
                if idle.len() < self.size {
                    idle.push(connection);
                }
            }
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
