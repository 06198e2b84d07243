//! PostgreSQL, through the pure-Rust driver: no libpq, no OpenSSL.
//!
//! The driver is asynchronous and Diesel's queries here are not, so each
//! connection has a small runtime of its own, which runs on the thread that
//! waits for the query: nothing is handed from thread to thread. Never call it on
//! a thread that runs async tasks.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use diesel::{QueryResult, RunQueryDsl};
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Dialect, cannot_open};
use crate::error::{Result, internal};

/// The connection type that `store` is compiled against here.
pub type Conn = AsyncConnectionWrapper<AsyncPgConnection, Driver>;
/// The backend that `store` is compiled against here.
pub type Db = diesel::pg::Pg;

#[path = "../store/mod.rs"]
pub mod store;

/// The channel on which nodes hear that the change log has grown.
pub const CHANNEL: &str = "perspektive_changes";

/// What holds on every connection: an acknowledged write is on the disk, and
/// neither a lock nor a slow statement keeps a turn for ever.
pub(super) const SETTINGS: &str = "SET synchronous_commit = on; SET lock_timeout = 1200; \
    SET statement_timeout = 30000; SET idle_in_transaction_session_timeout = 10000";

/// Lifts the time limits, for a command that may take as long as it takes.
pub const UNLIMITED: &str = "SET lock_timeout = 0; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0";

thread_local! {
    /// The driver of the connection that this thread is opening: Diesel's
    /// wrapper asks for one without saying for which connection.
    static OPENING: Cell<Option<Driver>> = const { Cell::new(None) };
}

/// Moves bytes between this process and the server, for one connection, while
/// somebody waits for an answer.
pub struct Driver(Option<Runtime>);

impl Driver {
    fn new() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Driver(Some(runtime.map_err(internal)?)))
    }
}

impl BlockOn for Driver {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.0 {
            Some(runtime) => runtime.block_on(future),
            None => unreachable!("a connection is opened by its driver"),
        }
    }

    fn get_runtime() -> Self {
        OPENING.take().unwrap_or(Driver(None))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A runtime that is merely dropped waits, which an async thread may not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Opens connections as the address says, with TLS unless it says otherwise.
#[derive(Clone)]
pub struct Connector {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Connector {
    /// Reads the address and the system's certificates.
    pub fn new(url: &SecretString) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.expose_secret().parse().map_err(internal)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_millis(1_200));
        }
        // A server that vanished without a word: a connection to it is given up
        // after seconds, not after the system's hours.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(6));
        }
        config.keepalives_idle(Duration::from_secs(5));
        config.keepalives_interval(Duration::from_secs(2));
        config.keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("perspektive");
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(tls_settings()?)),
        };
        Ok(Connector { config, tls })
    }

    /// Opens a connection.
    pub fn connect(&self) -> Result<Conn> {
        let driver = Driver::new()?;
        let connecting = async {
            let mut connection = match &self.tls {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls.clone()).await?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await?
                }
                None => {
                    let (client, connection) = self.config.connect(tokio_postgres::NoTls).await?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await?
                }
            };
            connection.batch_execute(SETTINGS).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(connection)
        };
        let connection = driver
            .block_on(async {
                tokio::time::timeout(Duration::from_millis(1_400), connecting).await
            })
            .map_err(|_| cannot_open("PostgreSQL", "no answer in time"))?
            .map_err(|error| cannot_open("PostgreSQL", causes(error.as_ref())))?;
        OPENING.set(Some(driver));
        Ok(Conn::from(connection))
    }

    /// Listens on [`CHANNEL`] until the connection breaks, calling `heard` at
    /// each notification.
    pub async fn listen(&self, heard: impl Fn() + Send + Sync + 'static) -> Result<()> {
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self
                    .config
                    .connect(tls.clone())
                    .await
                    .map_err(|error| cannot_open("PostgreSQL", error))?;
                follow(client, connection, heard).await
            }
            None => {
                let (client, connection) = self
                    .config
                    .connect(tokio_postgres::NoTls)
                    .await
                    .map_err(|error| cannot_open("PostgreSQL", error))?;
                follow(client, connection, heard).await
            }
        }
    }
}

async fn follow<S>(
    client: tokio_postgres::Client,
    mut connection: tokio_postgres::Connection<tokio_postgres::Socket, S>,
    heard: impl Fn(),
) -> Result<()>
where
    S: tokio_postgres::tls::TlsStream + Unpin,
{
    let subscribe = format!("LISTEN {CHANNEL}");
    let mut subscribing = std::pin::pin!(client.batch_execute(&subscribe));
    let mut subscribed = false;
    std::future::poll_fn(|context| {
        loop {
            if !subscribed && let std::task::Poll::Ready(done) = subscribing.as_mut().poll(context)
            {
                if let Err(error) = done {
                    return std::task::Poll::Ready(Err(cannot_open("PostgreSQL", error)));
                }
                subscribed = true;
                heard();
            }
            match connection.poll_message(context) {
                std::task::Poll::Ready(Some(Ok(tokio_postgres::AsyncMessage::Notification(_)))) => {
                    heard()
                }
                std::task::Poll::Ready(Some(Ok(_))) => {}
                std::task::Poll::Ready(Some(Err(error))) => {
                    return std::task::Poll::Ready(Err(cannot_open("PostgreSQL", error)));
                }
                std::task::Poll::Ready(None) => return std::task::Poll::Ready(Ok(())),
                std::task::Poll::Pending => return std::task::Poll::Pending,
            }
        }
    })
    .await
}

/// An error with what lies below it: the driver's own says little.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

fn tls_settings() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(internal)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

// Unlike a query in plain SQL, one made of these stays prepared. The first two
// answer nothing that could be read. The macro makes items without documentation.
#[allow(missing_docs)]
mod advisory {
    use diesel::sql_types::BigInt;

    #[diesel::declare_sql_function]
    extern "SQL" {
        fn pg_advisory_xact_lock(key: BigInt) -> Bool;
        fn pg_advisory_xact_lock_shared(key: BigInt) -> Bool;
        fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
    }
}
use advisory::{pg_advisory_xact_lock, pg_advisory_xact_lock_shared, pg_try_advisory_xact_lock};

impl Dialect for Conn {
    const ROWS_AT_ONCE: usize = 100;

    fn lock(&mut self, key: i64) -> QueryResult<()> {
        let held = diesel::select(pg_advisory_xact_lock(key));
        held.execute(self).map(drop)
    }

    fn lock_all(&mut self, keys: &[i64]) -> QueryResult<()> {
        use diesel::sql_types::{Array, BigInt};
        match keys {
            [] => Ok(()),
            [key] => self.lock(*key),
            // A function in FROM gives its rows in order.
            keys => diesel::sql_query("SELECT pg_advisory_xact_lock(key) FROM unnest($1) AS key")
                .bind::<Array<BigInt>, _>(keys)
                .execute(self)
                .map(drop),
        }
    }

    fn lock_shared(&mut self, key: i64) -> QueryResult<()> {
        let held = diesel::select(pg_advisory_xact_lock_shared(key));
        held.execute(self).map(drop)
    }

    fn try_lock(&mut self, key: i64) -> QueryResult<bool> {
        diesel::select(pg_try_advisory_xact_lock(key)).get_result(self)
    }

    fn hold_everything(&mut self) -> QueryResult<()> {
        let tables: Vec<&str> = super::rows::Table::ALL
            .iter()
            .map(|table| table.name())
            .collect();
        let lock = format!("LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", "));
        diesel::connection::SimpleConnection::batch_execute(self, UNLIMITED)?;
        diesel::connection::SimpleConnection::batch_execute(self, &lock)
    }

    fn continue_log(&mut self, seq: i64) -> QueryResult<()> {
        // What the sequence last gave out; before the first, it has given nothing.
        diesel::sql_query(
            "SELECT setval(pg_get_serial_sequence('changes', 'seq'), greatest($1, 1), $1 > 0)",
        )
        .bind::<diesel::sql_types::BigInt, _>(seq)
        .execute(self)
        .map(drop)
    }

    fn notify(&mut self) -> QueryResult<()> {
        diesel::sql_query(format!("NOTIFY {CHANNEL}"))
            .execute(self)
            .map(drop)
    }
}
