//! The application, put together: used by the binary and by the tests alike.

use std::io::ErrorKind;
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

use crate::articles::find::FindDrafts;
use crate::audit::{self, Denials};
use crate::auth::{self, Access};
use crate::background;
use crate::config::Config;
use crate::db::{self, Database};
use crate::delivery::context::Contexts;
use crate::demo;
use crate::editing::limits::{self, Limits};
use crate::error::{Error, Result, internal};
use crate::http::answer::Constants;
use crate::http::docs::{self, Docs};
use crate::http::edge::{Routes, edge, unrouted};
use crate::http::upload::BodyLimit;
use crate::http::{openapi, problems};
use crate::media::receive::Desk;
use crate::search::limits::SearchLimits;
use crate::search::{Follower, Public};
use crate::state::State;
use crate::{
    articles, authors, delivery, keys, lists, media, previews, redirects, sections, site, topics,
    users,
};

/// Everything that all workers share.
#[derive(Clone)]
pub struct Shared {
    /// The server's state.
    pub state: web::Data<State>,
    access: web::Data<Access>,
    routes: web::Data<Routes>,
    constants: web::Data<Constants>,
    docs: web::Data<Docs>,
    bodies: BodyLimit,
    limits: web::Data<Limits>,
    denials: web::Data<Denials>,
    contexts: web::Data<Contexts>,
    public: web::Data<Public>,
    drafts: web::Data<dyn FindDrafts>,
    searches: web::Data<SearchLimits>,
    desk: web::Data<Desk>,
    /// Registers further routes; tests try the whole out on handlers that
    /// misbehave.
    pub more: fn(&mut web::ServiceConfig),
}

impl Shared {
    /// Prepares what all workers share.
    pub fn new(state: Arc<State>, access: Arc<Access>, search: &Arc<Follower>) -> Result<Self> {
        let drafts: Arc<dyn FindDrafts> = Arc::new(search.drafts());
        Ok(Shared {
            routes: web::Data::new(Routes::of(&spec())),
            constants: web::Data::new(Constants::new(&state.config)),
            docs: web::Data::new(Docs::new(DESCRIPTION)?),
            bodies: BodyLimit::new(
                state.config.max_body,
                Duration::from_secs(state.config.body_timeout.into()),
                state.config.uploads_at_once,
            ),
            limits: web::Data::new(Limits::new(state.config.writes_per_minute)),
            denials: web::Data::new(Denials::default()),
            contexts: web::Data::new(Contexts::searching(search.public())),
            public: web::Data::new(search.public()),
            drafts: web::Data::from(drafts),
            searches: web::Data::new(SearchLimits::new(state.config.searches_per_minute)),
            desk: web::Data::new(Desk::new(state.config.uploads_at_once)),
            access: web::Data::from(access),
            state: web::Data::from(state),
            more: |_| {},
        })
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
    App::new()
        .app_data(shared.state.clone())
        .app_data(shared.access.clone())
        .app_data(shared.routes.clone())
        .app_data(shared.constants.clone())
        .app_data(shared.docs.clone())
        .app_data(shared.bodies.clone())
        .app_data(shared.limits.clone())
        .app_data(shared.denials.clone())
        .app_data(shared.contexts.clone())
        .app_data(shared.public.clone())
        .app_data(shared.drafts.clone())
        .app_data(shared.searches.clone())
        .app_data(shared.desk.clone())
        .into_utoipa_app()
        .configure(routes)
        .into_app()
        .configure(shared.more)
        .default_service(web::to(unrouted))
        .wrap(from_fn(audit::watch))
        .wrap(from_fn(limits::tell))
        .wrap(from_fn(edge))
}

/// Every route, the most asked for first.
fn routes(config: &mut ServiceConfig) {
    delivery::configure(config);
    articles::routes::configure(config);
    previews::configure(config);
    lists::configure(config);
    redirects::configure(config);
    sections::routes::configure(config);
    topics::routes::configure(config);
    authors::routes::configure(config);
    media::configure(config);
    site::routes::configure(config);
    auth::configure(config);
    users::configure(config);
    keys::configure(config);
    audit::configure(config);
    articles::bulk::routes::configure(config);
    problems::configure(config);
    docs::configure(config);
    crate::http::operate::configure(config);
}

/// What the description says about the API as a whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Perspektive",
        description = "A headless content API for newsrooms: it stores what a newsroom writes and hands it out as JSON.\n\n\
            **Reading** (`/v1/…`) is anonymous and cacheable: every answer has an `ETag`, and lists are walked with the `cursor` in `links.next`.\n\n\
            **Editing** (`/v1/editor/…`) needs `Authorization: Bearer …` with a key or an access token, and is never cached.\n\n\
            **Errors** are problem documents (RFC 9457); each `type` leads to a page under `/problems/` with the usual cause and a line of curl that helps.\n\n\
            Members without a value are left out, arrays are always there, and lists of named values may grow: skip what you don't know.",
        contact(name = "The Perspektive contributors"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The server that this description comes from, in production as on a local machine")),
    components(schemas(problems::ProblemDocument)),
    tags(
        (name = "articles", description = "Read articles, as cards and in full; write, publish and correct them"),
        (name = "sections", description = "The tree of sections (Ressorts)"),
        (name = "topics", description = "Topics (Schlagwörter) that articles are about"),
        (name = "authors", description = "Who articles are by"),
        (name = "media", description = "Pictures: upload them, say what they show, and get them in several widths"),
        (name = "lists", description = "Lists that the newsroom puts together: the front page, more news"),
        (name = "redirects", description = "Where old addresses of the website lead"),
        (name = "site", description = "The site as a whole: its name, language and links"),
        (name = "auth", description = "Sign in, and see what you may do"),
        (name = "users", description = "Keep users"),
        (name = "keys", description = "Keep API keys"),
        (name = "audit", description = "Who did what to what, when and from where"),
        (name = "operations", description = "For whoever runs the server"),
        (name = "about", description = "This API itself: its description, its problem types"),
    ),
)]
struct Whole;

/// The OpenAPI description as the routes make it up.
pub fn spec() -> OpenApi {
    let (_, mut spec) = App::new()
        .into_utoipa_app()
        .openapi(<Whole as utoipa::OpenApi>::openapi())
        .configure(routes)
        .split_for_parts();
    auth::describe(&mut spec);
    spec
}

/// The OpenAPI description as it is served: the committed one. To make it takes
/// longer than all else that a server does when it starts, and a test holds the
/// two to be the same.
const DESCRIPTION: &str = include_str!("../openapi/openapi.json");

/// The OpenAPI description as the routes make it up, printed and to be committed.
pub fn description() -> Result<String> {
    let spec = openapi::complete(&spec()).map_err(internal)?;
    let text = serde_json::to_string_pretty(&spec).map_err(internal)?;
    Ok(text + "\n")
}

/// A server that listens.
pub struct Server {
    /// Its state.
    pub state: Arc<State>,
    /// What resolves actors.
    pub access: Arc<Access>,
    /// What keeps the search indexes up to date.
    pub search: Arc<Follower>,
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
    /// Whether to load the demo newsroom first.
    pub demo: bool,
}

impl Server {
    /// Opens the database, brings its schema up to date, starts what runs
    /// beside the requests, and listens.
    pub async fn start(config: Config, run: Run) -> Result<Self> {
        let prepared = tokio::task::spawn_blocking(move || {
            let state = prepare(config)?;
            let access = Access::open(&state)?;
            Ok::<_, Error>((Arc::new(state), access))
        });
        let (state, access) = prepared.await.map_err(internal)??;
        if run.demo {
            match demo::load(&state).await? {
                0 => tracing::info!("the demo newsroom is there already"),
                articles => tracing::info!(articles, "loaded the demo newsroom"),
            }
        }
        state.follow_from_here().await?;
        background::start(&state);
        let search = Follower::new(&state.config);
        search.start(&state);
        let shared = Shared::new(Arc::clone(&state), Arc::clone(&access), &search)?;
        let server = HttpServer::new(move || build(&shared))
            .workers(run.workers)
            .shutdown_timeout(run.shutdown_timeout)
            .client_request_timeout(Duration::from_secs(20))
            .keep_alive(Duration::from_secs(75))
            .disable_signals();
        let server = server.bind(run.bind).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::AddrInUse => {
                    "; stop what listens there, or take another port with --bind"
                }
                _ => "",
            };
            internal(format!(
                "BIND: {} can't be listened on: {error}{hint}",
                run.bind
            ))
        })?;
        let address = server.addrs().first().copied().unwrap_or(run.bind);
        Ok(Server {
            state,
            access,
            search,
            address,
            running: server.run(),
        })
    }
}

impl Server {
    /// Runs until SIGTERM or SIGINT says to stop, and then drains: the server is
    /// no longer ready at once, stops listening after `delay`, in which whoever
    /// sends it requests can notice, and ends when the requests that run then are
    /// answered, or after `timeout`. A second signal ends it on the spot.
    pub async fn until_told(self, delay: Duration, timeout: Duration) -> Result<()> {
        let mut told = Told::new()?;
        let handle = self.running.handle();
        let mut running = actix_web::rt::spawn(self.running);
        tokio::select! {
            ended = &mut running => return ended.map_err(internal)?.map_err(internal),
            () = told.wait() => {}
        }
        self.state.stop();
        tracing::info!(
            running = self.state.running(),
            "told to stop; finishing what runs"
        );
        let draining = async {
            tokio::time::sleep(delay).await;
            // Connections that are merely kept open are not waited for.
            let stopping = actix_web::rt::spawn(handle.stop(true));
            let deadline = tokio::time::Instant::now() + timeout;
            let mut quiet = 0;
            while quiet < 4 && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(50)).await;
                quiet = if self.state.running() == 0 {
                    quiet + 1
                } else {
                    0
                };
            }
            stopping.abort();
        };
        tokio::select! {
            () = draining => {}
            () = told.wait() => return Err(internal("told to stop twice: what ran was cut off")),
        }
        match self.state.running() {
            0 => tracing::info!("stopped"),
            left => tracing::warn!(left, "SHUTDOWN_TIMEOUT is over: requests were cut off"),
        }
        Ok(())
    }
}

/// The signals that tell a server to stop.
struct Told {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Told {
    fn new() -> Result<Self> {
        Ok(Told {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
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
