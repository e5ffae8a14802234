//! The API's OpenAPI description: what the routes declare, and what layers and extractors add to every operation.

use serde::Serialize;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        Content, Header, Ref, RefOr, Response,
        path::Operation,
        schema::{ObjectBuilder, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "natter",
        description = "Users, tokens, rooms and messages of a natter server. A query parameter or body field that is not described \
            is refused. `Retry-After` of a 429 or 503 is the number of seconds to wait.",
        license(name = "MIT")
    ),
    tags(
        (name = "auth", description = "Tokens for passwords"),
        (name = "users", description = "Accounts"),
        (name = "admin", description = "What only admins may"),
        (name = "chat", description = "The log of messages"),
        (name = "files", description = "Files of messages: uploading them before, and those of a room"),
        (name = "rooms", description = "Rooms, their members, and what you have read"),
    ),
    components(schemas(ErrorResponse)),
    modifiers(&Jwt)
)]
pub(super) struct Api;

struct Jwt;

impl Modify for Jwt {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".into());
        openapi.components.get_or_insert_default().add_security_scheme("jwt", SecurityScheme::Http(bearer));
    }
}

/// Why a request failed.
#[derive(Serialize, ToSchema)]
struct ErrorResponse {
    /// A sentence to show to the user.
    message: String,
    /// The invalid fields by name, each with the reason.
    fields: Option<std::collections::BTreeMap<String, String>>,
}

/// Adds to each operation the responses that its handler does not declare, and to each error its body, if it has none of its own, and its headers.
pub(super) fn complete(api: &mut utoipa::openapi::OpenApi) {
    for item in api.paths.paths.values_mut() {
        let (reads, writes) = ([&mut item.get], [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete]);
        reads.into_iter().flatten().for_each(|operation| complete_operation(operation, false));
        writes.into_iter().flatten().for_each(|operation| complete_operation(operation, true));
    }
}

fn complete_operation(operation: &mut Operation, writes: bool) {
    // a file is taken as it is
    let is_json = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        Some(RefOr::Ref(_)) | None => false,
    };
    let query = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == utoipa::openapi::path::ParameterIn::Query,
        RefOr::Ref(_) => false,
    });
    let needs_token = operation.security.is_some();
    let everywhere = [
        ("400", "The body or the query cannot be read", is_json || query),
        ("401", "Token didn't match", needs_token),
        ("403", "The request came from a page of another site", writes),
        ("413", "The body is larger than 64 KiB", is_json),
        ("415", "The body is not declared as JSON", is_json),
        ("422", "`fields` has the reason for each invalid field", is_json || query),
        ("429", "Too many connections from this network", true),
        ("503", "The server is busy, or the database does not answer", true),
    ];
    let responses = &mut operation.responses.responses;
    for (status, description, _) in everywhere.into_iter().filter(|(.., applies)| *applies) {
        let response = responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new("")));
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            description.clone_into(&mut response.description);
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            complete_error(status, response);
        }
    }
}

fn complete_error(status: &str, response: &mut Response) {
    let headers: &[(&str, &str, Type)] = match status {
        "401" => &[("WWW-Authenticate", "`Bearer`", Type::String)],
        "429" | "503" => &[("Retry-After", "Seconds to wait before another try", Type::Integer)],
        _ => &[],
    };
    for (name, description, kind) in headers {
        let mut header = Header::new(ObjectBuilder::new().schema_type(kind.clone()).build());
        header.description = Some((*description).to_owned());
        response.headers.insert((*name).to_owned(), RefOr::T(header));
    }
    let body = Content::new(Some(Ref::from_schema_name(ErrorResponse::name())));
    response.content.entry("application/json".to_owned()).or_insert_with(|| body.into());
}
