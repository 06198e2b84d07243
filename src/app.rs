//! The application, put together: used by the binary and by the tests alike.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::{self, Access};
use crate::background;
use crate::config::Config;
use crate::db::{self, Database};
use crate::demo;
use crate::error::{Error, Result, internal};
use crate::http::answer::Constants;
use crate::http::edge::{Routes, edge, unrouted};
use crate::http::problems;
use crate::http::upload::BodyLimit;
use crate::state::State;
use crate::{authors, delivery, keys, sections, site, topics, users};

/// Everything that all workers share.
#[derive(Clone)]
pub struct Shared {
    /// The server's state.
    pub state: web::Data<State>,
    access: web::Data<Access>,
    routes: web::Data<Routes>,
    constants: web::Data<Constants>,
}

impl Shared {
    /// Prepares what all workers share.
    pub fn new(state: Arc<State>, access: Arc<Access>) -> Self {
        Shared {
            routes: web::Data::new(Routes::of(&spec())),
            constants: web::Data::new(Constants::new(&state.config)),
            access: web::Data::from(access),
            state: web::Data::from(state),
        }
    }
}

/// Builds the application for one worker.
pub fn build(
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let limit = BodyLimit(shared.state.config.max_body);
    App::new()
        .app_data(shared.state.clone())
        .app_data(shared.access.clone())
        .app_data(shared.routes.clone())
        .app_data(shared.constants.clone())
        .app_data(limit)
        .into_utoipa_app()
        .configure(routes)
        .into_app()
        .default_service(web::to(unrouted))
        .wrap(from_fn(edge))
}

/// Every route, the most asked for first.
fn routes(config: &mut ServiceConfig) {
    delivery::configure(config);
    crate::articles::routes::configure(config);
    sections::routes::configure(config);
    topics::routes::configure(config);
    authors::routes::configure(config);
    site::routes::configure(config);
    auth::configure(config);
    users::configure(config);
    keys::configure(config);
    problems::configure(config);
    crate::http::operate::configure(config);
}

/// The OpenAPI description of every route.
pub fn spec() -> OpenApi {
    let (_, mut spec) = App::new()
        .into_utoipa_app()
        .configure(routes)
        .split_for_parts();
    crate::http::spec::complete(&mut spec);
    auth::describe(&mut spec);
    spec
}

/// A server that listens.
pub struct Server {
    /// Its state.
    pub state: Arc<State>,
    /// What resolves actors.
    pub access: Arc<Access>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Runs until it is told to stop; must be awaited.
    pub running: actix_web::dev::Server,
}

/// How a server runs, beside its settings.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Where to listen; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Threads that answer requests.
    pub workers: usize,
    /// Seconds that running requests get when the server stops.
    pub shutdown_timeout: u64,
    /// Whether signals stop it.
    pub signals: bool,
    /// Whether to load the demo newsroom first.
    pub demo: bool,
}

impl Server {
    /// Opens the database, brings its schema up to date, starts what runs
    /// beside the requests, and listens.
    pub async fn start(config: Config, run: Run) -> Result<Self> {
        let prepared = tokio::task::spawn_blocking(move || {
            let state = prepare(config)?;
            if run.demo {
                let articles = demo::load(&state)?;
                tracing::info!(articles, "loaded the demo newsroom");
            }
            let access = Access::open(&state)?;
            Ok::<_, Error>((Arc::new(state), access))
        });
        let (state, access) = prepared.await.map_err(internal)??;
        state.follow_from_here().await?;
        background::start(&state);
        let shared = Shared::new(Arc::clone(&state), Arc::clone(&access));
        let mut server = HttpServer::new(move || build(&shared))
            .workers(run.workers)
            .shutdown_timeout(run.shutdown_timeout)
            .client_request_timeout(Duration::from_secs(20))
            .keep_alive(Duration::from_secs(75));
        if !run.signals {
            server = server.disable_signals();
        }
        let server = server.bind(run.bind).map_err(|error| {
            internal(format!("BIND: {} can't be listened on: {error}", run.bind))
        })?;
        let address = server.addrs().first().copied().unwrap_or(run.bind);
        Ok(Server {
            state,
            access,
            address,
            running: server.run(),
        })
    }
}

/// Opens the database and brings its schema up to date.
pub fn prepare(config: Config) -> Result<State> {
    db::create_folder(&config.database)?;
    let database = Database::new(&config.database, config.database_connections)?;
    for name in db::migrate::run(&database)? {
        tracing::info!(migration = name, "migrated");
    }
    Ok(State::new(config, database))
}
