//! The OpenAPI document, put together from the table and the types that it names. (OpenAPI 3.1.1)

use serde_json::{Map, Value, json};

use super::access::{Access, Token, Who};
use super::operation::{Answer, Body, Content, Operation};
use super::schemas::Schemas;
use super::table::{Group, TABLE};
use crate::config::Config;
use crate::tokens::options::{Location, Options};

/// The errors that operations have in common: status, name of the response, what it means.
const ERRORS: [(u16, &str, &str); 14] = [
    (400, "BadRequest", "Something in the request can't be read, or is not allowed. Nothing was changed."),
    (
        401,
        "Unauthorized",
        "No token, one that is not good any more, one whose proof of identity is too old, or a wrong password or code.",
    ),
    (403, "Forbidden", "Not with this role, not before a second factor was set up, or not from another site."),
    (404, "NotFound", "There is no such thing, or the caller may not know of it."),
    (408, "RequestTimeout", "The body took too long."),
    (409, "Conflict", "The change does not fit what is there. Nothing was changed."),
    (410, "Gone", "The link is good no longer."),
    (413, "ContentTooLarge", "The body is too large."),
    (415, "UnsupportedMediaType", "The body is of another type than those that are read here."),
    (421, "MisdirectedRequest", "This server is not at the host that was asked for."),
    (422, "UnprocessableContent", "The token is none, or none of this server's."),
    (429, "TooManyRequests", "Too many tries. `Retry-After` says when to try again."),
    (500, "InternalServerError", "Something went wrong. The log has the cause, under the id in `X-Request-Id`."),
    (503, "ServiceUnavailable", "Not at present: the server starts, is too busy, or can't reach its database."),
];

/// The same for apps that ask by their credentials.
const APP_ERRORS: [(u16, &str, &str); 2] = [
    (400, "AppBadRequest", "The question can't be read, or asks for what there is not. (RFC 6749 §5.2)"),
    (401, "AppUnauthorized", "The app's credentials are missing or wrong. (RFC 6749 §5.2)"),
];

/// Headers of answers: name, name of the component, what it says.
const HEADERS: [(&str, &str, &str); 7] = [
    ("Location", "Location", "Where to go on."),
    ("X-Request-Id", "RequestId", "The id of this request in the log."),
    ("Retry-After", "RetryAfter", "In how many seconds to try again."),
    ("WWW-Authenticate", "Challenge", "What to show or prove instead. (RFC 6750 §3, RFC 9470)"),
    ("ETag", "ETag", "Changes with the content. Shown as `If-None-Match`, it saves sending the same again."),
    ("Cache-Control", "CacheControl", "For how long the answer may be kept."),
    ("Content-Disposition", "ContentDisposition", "The name of the file."),
];

const ABOUT: &str = "Programs send and get JSON. A program signs in once and then sends its tokens as `Authorization: Bearer …`. Errors are \
     told in English. Moments are whole seconds since the epoch. A member that a call does not know is refused; an answer may have more \
     members one day. What has `x-portero-page` serves browsers, too: asked for `text/html` and without a token in a header, it answers \
     with a page.\n\n\
     `x-portero-access` says who may call: `who`, with which `token`, `fresh_within` how many seconds of the last proof of identity \
     (null: at any time), and with which `second_factor`, if the user has one or policy asks for one. With `open_below_policy` a session \
     may call that has not given the second factor which policy asks for.";

/// The document as this server's settings make it: names of cookies and of the member of errors, and how long a proof counts.
pub fn document(config: &Config) -> Value {
    let options = &config.jwt;
    let mut schemas = Schemas::new(options);
    let mut paths = Map::new();
    for operation in TABLE.iter().flat_map(|group| (group.operations)().into_iter().map(|one| (group.name, one))) {
        let (group, operation) = operation;
        let told = told(config, &mut schemas, group, &operation);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = told;
    }
    let responses: Map<_, _> =
        ERRORS
            .iter()
            .map(|(status, name, text)| ((*name).to_owned(), shared_error(*status, text, &["Message"])))
            .chain(APP_ERRORS.iter().map(|(status, name, text)| {
                ((*name).to_owned(), shared_error(*status, text, &["AppError", "Message"]))
            }))
            .collect();
    let headers: Map<_, _> = HEADERS.iter().map(|(_, name, text)| ((*name).to_owned(), header(name, text))).collect();
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Portero",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A self-hosted login service",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": TABLE.iter().map(|Group { name, about, .. }| json!({ "name": name, "description": about })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": responses,
            "headers": headers,
            "securitySchemes": security_schemes(options),
        },
    })
}

fn told(config: &Config, schemas: &mut Schemas, group: &str, operation: &Operation) -> Value {
    let mut told = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [group],
        "x-portero-access": operation.access.told(config, operation.path),
        "security": security(&config.jwt, operation.access),
        "responses": responses(schemas, operation),
    });
    if !operation.more.is_empty() {
        told["description"] = operation.more.into();
    }
    if operation.serves_browsers {
        told["x-portero-page"] = true.into();
    }
    let parameters = parameters(schemas, operation);
    if !parameters.is_empty() {
        told["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        told["requestBody"] = request_body(schemas, body, operation.example.as_ref());
    }
    told
}

fn parameters(schemas: &mut Schemas, operation: &Operation) -> Vec<Value> {
    let in_path = operation.path_names().map(|name| {
        let (text, schema) = in_path(operation.path, name);
        json!({ "name": name, "in": "path", "required": true, "description": text, "schema": schema })
    });
    let mut all: Vec<_> = in_path.collect();
    for (shape, fields) in &operation.query {
        let properties = schemas.properties(*shape);
        for field in *fields {
            let mut schema = properties.get(*field).cloned().unwrap_or_default();
            let text = schema.as_object_mut().and_then(|members| members.remove("description"));
            let mut parameter = json!({ "name": field, "in": "query", "required": false, "schema": schema });
            if let Some(text) = text {
                parameter["description"] = text;
            }
            all.push(parameter);
        }
    }
    all
}

/// What stands at a place in a path.
fn in_path(path: &str, name: &str) -> (&'static str, Value) {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    match name {
        "sid" => ("The id of a session, or its first 8 characters.", json!({ "type": "string" })),
        "user" => ("The user's number.", number),
        "act" => ("What is done.", json!({ "type": "string" })),
        "name" => ("The name of the list.", json!({ "type": "string", "format": "uuid" })),
        _ if path.starts_with("/receipts/") => ("The id of a receipt.", json!({ "type": "string" })),
        _ if path.starts_with("/admin/users/") => ("The user's number.", number),
        _ if path.starts_with("/admin/groups/") => ("The group's number.", number),
        _ if path.starts_with("/account/apps/") => ("The app's number.", number),
        _ if path.starts_with("/account/browsers/") => ("The number of a remembered browser.", number),
        _ => ("The number of a second factor.", number),
    }
}

fn request_body(schemas: &mut Schemas, body: &Body, example: Option<&Value>) -> Value {
    let schema = if body.only.is_empty() { schemas.refer(body.shape) } else { schemas.only(body.shape, body.only) };
    let mut content = json!({ "schema": schema });
    if let Some(example) = example {
        content["example"] = example.clone();
    }
    json!({ "required": body.is_needed, "content": { body.media_type: content } })
}

fn responses(schemas: &mut Schemas, operation: &Operation) -> Value {
    let mut all = Map::new();
    for answer in &operation.answers {
        all.insert(answer.status.to_string(), answered(schemas, answer));
    }
    for status in errors(operation) {
        let known = APP_ERRORS.iter().filter(|_| operation.is_for_apps).chain(&ERRORS);
        let Some((_, name, _)) = known.into_iter().find(|(known, _, _)| *known == status) else { continue };
        let response = json!({ "$ref": format!("#/components/responses/{name}") });
        all.entry(status.to_string()).or_insert(response);
    }
    all.into()
}

/// The statuses of all errors that it can answer with.
pub(super) fn errors(operation: &Operation) -> Vec<u16> {
    let (access, mut all) = (operation.access, operation.errors.to_vec());
    all.push(500);
    if !operation.is_open_from_the_start {
        all.push(503);
    }
    if operation.method != "get" {
        all.push(403);
    }
    if !operation.is_outside_pages {
        all.push(421);
    }
    if access.needs_token() || access.token == Token::Optional {
        // 403: a second factor is to be set up first. 400: a token where none is wanted.
        all.extend([400, 401, 403, 422]);
    }
    if matches!(access.who, Who::App | Who::NamedApp) {
        all.extend([400, 401]);
    }
    if !operation.query.is_empty() {
        all.push(400);
    }
    if let Some(body) = &operation.body {
        all.extend([400, 408, 413]);
        if body.is_needed {
            all.push(415);
        }
    }
    if operation.path.contains('{') {
        all.push(404);
    }
    all
}

fn answered(schemas: &mut Schemas, answer: &Answer) -> Value {
    let contents: Map<_, _> = answer
        .contents
        .iter()
        .map(|(media_type, content)| {
            let schema = match content {
                Content::Text => json!({ "type": "string" }),
                Content::Json(shapes) => {
                    let mut each: Vec<_> = shapes.iter().map(|shape| schemas.answered(*shape)).collect();
                    if each.len() == 1 { each.remove(0) } else { json!({ "anyOf": each }) }
                }
            };
            let mut told = json!({ "schema": schema });
            if let Some(example) = &answer.example {
                told["example"] = example.clone();
            }
            ((*media_type).to_owned(), told)
        })
        .collect();
    let mut told = json!({ "description": answer.text, "headers": headers_of(answer.status, answer.headers) });
    if !contents.is_empty() {
        told["content"] = contents.into();
    }
    told
}

fn shared_error(status: u16, text: &str, schemas: &[&str]) -> Value {
    let mut each: Vec<_> =
        schemas.iter().map(|name| json!({ "$ref": format!("#/components/schemas/{name}") })).collect();
    let schema = if each.len() == 1 { each.remove(0) } else { json!({ "anyOf": each }) };
    json!({
        "description": text,
        "headers": headers_of(status, &[]),
        "content": { "application/json": { "schema": schema } },
    })
}

fn headers_of(status: u16, others: &[&str]) -> Value {
    let by_status = match status {
        401 => &["WWW-Authenticate"][..],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    let names = ["X-Request-Id"].iter().chain(by_status).chain(others);
    let each = names.filter_map(|name| {
        let (name, component, _) = HEADERS.iter().find(|(known, _, _)| known == name)?;
        Some(((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{component}") })))
    });
    each.collect::<Map<_, _>>().into()
}

fn header(name: &str, text: &str) -> Value {
    let kind = if name == "RetryAfter" { "integer" } else { "string" };
    json!({ "description": text, "required": name == "RequestId", "schema": { "type": kind } })
}

fn security(options: &Options, access: Access) -> Value {
    let (access_token, refresh_token) = (ways(options, ""), ways(options, "refresh_"));
    match access.token {
        Token::None => match access.who {
            Who::App => json!([{ "app": [] }]),
            Who::NamedApp => json!([{ "app": [] }, {}]),
            Who::Anyone | Who::User | Who::Admin => json!([]),
        },
        Token::Apps => json!([{ "apps_token": [] }]),
        Token::Access => access_token.into(),
        Token::Refresh => refresh_token.into(),
        Token::Either => access_token.into_iter().chain(refresh_token).collect(),
        Token::Optional => access_token.into_iter().chain([json!({})]).collect(),
    }
}

/// Where a token may be shown. A script on a page shows it in a cookie, with the CSRF value in a header.
fn ways(options: &Options, prefix: &str) -> Vec<Value> {
    let way = |location: &Location| match location {
        Location::Headers => Some(json!({ format!("{prefix}token"): [] })),
        Location::Cookies => Some(json!({ format!("{prefix}cookie"): [] })),
        Location::QueryString | Location::Json => None,
    };
    options.token_location.iter().filter_map(way).collect()
}

fn security_schemes(options: &Options) -> Value {
    let bearer = |what: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": what });
    let cookie = |name: &str, csrf: &str| {
        let text = format!("For scripts on a page of the same origin, which show the CSRF value as `{csrf}`.");
        json!({ "type": "apiKey", "in": "cookie", "name": name, "description": text })
    };
    json!({
        "token": bearer("The access token of a session."),
        "refresh_token": bearer("The refresh token of a session."),
        "cookie": cookie(&options.access_cookie_name, &options.access_csrf_header_name),
        "refresh_cookie": cookie(&options.refresh_cookie_name, &options.refresh_csrf_header_name),
        "app": { "type": "http", "scheme": "basic", "description": "The id and the secret of an app." },
        "apps_token": bearer("The access token that an app was given at `/token`."),
    })
}
