//! The API's description: OpenAPI as JSON, and a page.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::openapi::{self, Api};
use crate::{
    render::Language,
    web::{AppState, Result, Shell, SignedIn},
};

/// Adds the description of `routes` at `/api/openapi.json` and `/api/docs`.
pub(super) fn with_openapi(routes: OpenApiRouter<AppState>) -> Router<AppState> {
    let (router, mut api) = OpenApiRouter::with_openapi(Api::openapi()).merge(routes).split_for_parts();
    openapi::complete(&mut api);
    let json = api.to_pretty_json().unwrap_or_default();
    let operations = operations(&json);
    router
        .route(
            "/api/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], json).into_response()),
        )
        .route(
            "/api/docs",
            get(async move |State(state): State<AppState>, language: Language, signed_in: Result<Option<SignedIn>>| {
                let signed_in = signed_in.ok().flatten(); // the page is shown even if the store fails
                DocsPage { shell: Shell::new(&state, language, signed_in.as_ref().map(|me| &me.user)), operations }
            }),
        )
}

#[derive(Template, WebTemplate)]
#[template(path = "docs.html")]
struct DocsPage {
    shell: Shell,
    operations: Arc<[Operation]>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    token: bool,
    /// Name, location, description.
    inputs: Vec<[String; 3]>,
    /// Status, description.
    answers: Vec<[String; 2]>,
}

fn operations(json: &str) -> Arc<[Operation]> {
    let api: Value = serde_json::from_str(json).unwrap_or_default();
    let paths = api["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(|(method, operation)| Operation::of(&api, path, method, operation)).collect::<Vec<_>>()
    });
    operations.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

/// The description of a field: its own, or the one of the schema that it refers to.
fn meaning(api: &Value, field: &Value) -> String {
    let schema = if field["oneOf"].is_array() { &field["oneOf"][0] } else { field };
    let own = text(&schema["description"]);
    let referred = schema["$ref"].as_str().and_then(|reference| api.pointer(reference.trim_start_matches('#')));
    if own.is_empty() { referred.map_or(own, |schema| text(&schema["description"])) } else { own }
}

impl Operation {
    fn of(api: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut inputs: Vec<_> =
            parameters.map(|p| [text(&p["name"]), text(&p["in"]), text(&p["description"])]).collect();
        let body = text(&operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]);
        if let Some(schema) = body.strip_prefix('#').and_then(|pointer| api.pointer(pointer)) {
            let properties = schema["properties"].as_object().into_iter().flatten();
            inputs.extend(properties.map(|(name, field)| [name.clone(), "body".into(), meaning(api, field)]));
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
