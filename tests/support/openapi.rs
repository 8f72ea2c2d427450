//! Compares every answer of the servers that tests start with the OpenAPI document: a status, a member or a type that it does not have
//! fails the test that got the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use portero::config::Config;
use serde_json::{Map, Value};

/// The document of one server, made when it is first needed.
struct Described {
    config: Arc<Config>,
    document: OnceLock<Document>,
}

/// By port.
static SERVERS: Mutex<BTreeMap<u16, Arc<Described>>> = Mutex::new(BTreeMap::new());

fn servers() -> std::sync::MutexGuard<'static, BTreeMap<u16, Arc<Described>>> {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on the answers at this port are compared.
pub fn compare_at(port: u16, config: &Arc<Config>) {
    let described = Described { config: Arc::clone(config), document: OnceLock::new() };
    servers().insert(port, Arc::new(described));
}

/// No longer: the port may be another server's soon.
pub fn forget(port: u16) {
    servers().remove(&port);
}

/// Panics if the document does not have such an answer.
pub fn compare(port: u16, method: &str, path: &str, answer: &super::Answer) {
    if is_never_described(answer) {
        return;
    }
    let Some(described) = servers().get(&port).cloned() else { return };
    let document = described.document.get_or_init(|| Document::of(&described.config));
    if let Some(fault) = document.fault(method, path, answer) {
        panic!(
            "the OpenAPI document has no such answer to {method} {path}: {fault}\n{} {}",
            answer.status, answer.body
        );
    }
}

/// Whether the document says nothing of an answer, whatever the call: a page, or what only leads to another address or method.
fn is_never_described(answer: &super::Answer) -> bool {
    media_type(answer) == "text/html" || (300..400).contains(&answer.status) || answer.status == 405
}

fn media_type(answer: &super::Answer) -> &str {
    answer.header("content-type").unwrap_or_default().split(';').next().unwrap().trim()
}

/// An OpenAPI document.
pub struct Document(pub Value);

impl Document {
    pub fn of(config: &Config) -> Self {
        Self(portero::web::openapi_document(config))
    }

    /// Every operation: method in capitals, path, and what the document says of it.
    pub fn operations(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, told)| (method.to_uppercase(), path.as_str(), told))
        })
    }

    /// The operation that a request is for. A path without braces comes before one with them, as in the routes.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split(['?', '#']).next().unwrap();
        let method = if method == "HEAD" { "get" } else { &method.to_lowercase() };
        let fits = |template: &&String| {
            let (mut wanted, mut shown) = (template.split('/'), path.split('/'));
            loop {
                match (wanted.next(), shown.next()) {
                    (None, None) => return true,
                    (Some(wanted), Some(shown)) if wanted == shown || wanted.starts_with('{') && !shown.is_empty() => {}
                    _ => return false,
                }
            }
        };
        let paths = self.0["paths"].as_object().unwrap();
        let template = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count())?;
        paths[template].get(method)
    }

    /// What an answer has that the document does not. `None`: nothing, or it is a page or a call that is not described.
    pub fn fault(&self, method: &str, path: &str, answer: &super::Answer) -> Option<String> {
        let operation = self.operation(method, path)?;
        if is_never_described(answer) {
            return None;
        }
        let media_type = media_type(answer);
        let response = self.follow(&operation["responses"][answer.status.to_string()]);
        if response.is_null() {
            return Some("the status".into());
        }
        if method == "HEAD" {
            return None;
        }
        let Some(contents) = response["content"].as_object() else {
            // What is wrong may be said by the headers alone.
            return (answer.status < 400 && !answer.body.is_empty()).then(|| "a body".into());
        };
        let Some(content) = contents.get(media_type) else { return Some(format!("the type {media_type:?}")) };
        let is_json = media_type == "application/json" || media_type.ends_with("+json");
        if !is_json { None } else { self.differs(&content["schema"], &answer.json(), "") }
    }

    /// Where a value differs from its schema. An object may have no member that the schema lacks, unless the schema says so.
    pub fn differs(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let schema = self.follow(schema);
        for key in ["oneOf", "anyOf"] {
            if let Some(each) = schema[key].as_array() {
                let faults: Vec<_> = each.iter().map(|schema| self.differs(schema, value, at)).collect();
                return match faults.iter().any(Option::is_none) {
                    true => None,
                    false => Some(faults.into_iter().flatten().collect::<Vec<_>>().join("; or: ")),
                };
            }
        }
        if let Some(wanted) = schema["enum"].as_array()
            && !wanted.contains(value)
        {
            return Some(format!("{at} is {value}, not one of {wanted:?}"));
        }
        if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            let Some(value) = value.as_object() else { return Some(format!("{at} is no object: {value}")) };
            return self.members_differ(schema, value, at);
        }
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            Value::Null => return None,
            one => vec![one.clone()],
        };
        if !kinds.iter().any(|kind| is_of(kind.as_str().unwrap(), value)) {
            return Some(format!("{at} is {value}, not {kinds:?}"));
        }
        let items = value.as_array().into_iter().flatten().enumerate();
        let mut faults = items.filter_map(|(nth, item)| self.differs(&schema["items"], item, &format!("{at}[{nth}]")));
        if let (Some(members), Some(of_all)) = (value.as_object(), schema.get("additionalProperties")) {
            return members.iter().find_map(|(name, member)| self.differs(of_all, member, &format!("{at}.{name}")));
        }
        faults.next()
    }

    fn members_differ(&self, schema: &Value, value: &Map<String, Value>, at: &str) -> Option<String> {
        let mut members = Members::default();
        self.gather(schema, &mut members);
        if let Some(missing) = members.required.iter().find(|name| !value.contains_key(**name)) {
            return Some(format!("{at}.{missing} is missing"));
        }
        value.iter().find_map(|(name, member)| match members.properties.get(name.as_str()) {
            Some(schema) => self.differs(schema, member, &format!("{at}.{name}")),
            None if members.is_open => None,
            None => Some(format!("{at}.{name}")),
        })
    }

    fn gather<'a>(&'a self, schema: &'a Value, members: &mut Members<'a>) {
        let schema = self.follow(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, members);
        }
        // What may be there as a whole or not at all.
        for part in schema["oneOf"].as_array().into_iter().flatten() {
            let mut some = Members::default();
            self.gather(part, &mut some);
            members.properties.extend(some.properties);
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        members.properties.extend(properties.map(|(name, schema)| (name.as_str(), schema)));
        members.required.extend(schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()));
        members.is_open |= schema["additionalProperties"] == true;
    }

    /// What stands behind a reference.
    pub fn follow<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(path) => self.follow(self.0.pointer(path.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }
}

#[derive(Default)]
struct Members<'a> {
    properties: BTreeMap<&'a str, &'a Value>,
    required: Vec<&'a str>,
    is_open: bool,
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}
