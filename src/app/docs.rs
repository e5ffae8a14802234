//! The API's description: OpenAPI for programs, a page for people.

use askama::Template;
use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::web::{AppState, Nav, SharedSites};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "natter",
        description = "Users, tokens and messages of a natter. Errors are `{\"message\": …, \"fields\": {…}}`. \
            Any call may also answer 400, 413 or 415 (a body that cannot be read), 403 (from a page of another site), 429 or \
            503 (with Retry-After).",
        license(name = "MIT")
    ),
    tags(
        (name = "auth", description = "Tokens for passwords"),
        (name = "users", description = "Accounts"),
        (name = "chat", description = "The log of messages"),
    ),
    modifiers(&Jwt)
)]
struct Api;

struct Jwt;

impl Modify for Jwt {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".into());
        openapi.components.get_or_insert_default().add_security_scheme("jwt", SecurityScheme::Http(bearer));
    }
}

/// The routes, and beside them their description under `/api`.
pub(super) fn with_openapi(routes: OpenApiRouter<AppState>, sites: SharedSites) -> Router<AppState> {
    let (router, api) = OpenApiRouter::with_openapi(Api::openapi()).merge(routes).split_for_parts();
    let json = api.to_pretty_json().unwrap_or_default();
    let page = DocsPage::of(&json, sites).render().unwrap_or_default();
    router
        .route(
            "/api/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], json).into_response()),
        )
        .route("/api/docs", get(async move || Html(page)))
}

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    sites: SharedSites,
    nav: Option<Nav>,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    token: bool,
    /// Name, where it stands, what it is.
    inputs: Vec<[String; 3]>,
    /// Status, what it means.
    answers: Vec<[String; 2]>,
}

impl DocsPage {
    fn of(json: &str, sites: SharedSites) -> Self {
        let api: Value = serde_json::from_str(json).unwrap_or_default();
        let paths = api["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(|(method, operation)| Operation::of(&api, path, method, operation)).collect::<Vec<_>>()
        });
        Self { sites, nav: None, operations: operations.collect() }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

impl Operation {
    fn of(api: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut inputs: Vec<_> =
            parameters.map(|p| [text(&p["name"]), text(&p["in"]), text(&p["description"])]).collect();
        let body = text(&operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]);
        if let Some(schema) = body.strip_prefix('#').and_then(|pointer| api.pointer(pointer)) {
            let properties = schema["properties"].as_object().into_iter().flatten();
            inputs.extend(properties.map(|(name, field)| [name.clone(), "body".into(), text(&field["description"])]));
        }
        let answers = operation["responses"].as_object().into_iter().flatten();
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            token: operation.get("security").is_some(),
            inputs,
            answers: answers.map(|(status, answer)| [status.clone(), text(&answer["description"])]).collect(),
        }
    }
}
