//! The application, put together: used by the binary and by the tests alike.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::Constants;
use crate::http::edge::{Routes, edge, unrouted};
use crate::http::problems;
use crate::http::upload::BodyLimit;
use crate::state::State;

/// Everything that all workers share.
#[derive(Clone)]
pub struct Shared {
    /// The server's state.
    pub state: web::Data<State>,
    routes: web::Data<Routes>,
    constants: web::Data<Constants>,
}

impl Shared {
    /// Prepares what all workers share.
    pub fn new(state: Arc<State>) -> Self {
        Shared {
            routes: web::Data::new(Routes::of(&spec())),
            constants: web::Data::new(Constants::new(&state.config)),
            state: web::Data::from(state),
        }
    }
}

/// Builds the application for one worker.
pub fn build(
    shared: &Shared,
) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = actix_web::Error, InitError = ()>>
{
    let limit = BodyLimit(shared.state.config.max_body);
    App::new()
        .app_data(shared.state.clone())
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
    problems::configure(config);
}

/// The OpenAPI description of every route.
pub fn spec() -> OpenApi {
    let (_, spec) = App::new().into_utoipa_app().configure(routes).split_for_parts();
    spec
}
