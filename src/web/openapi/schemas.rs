//! The schemas of the document: each type once, by its name, as its derive describes it.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};

use super::operation::Shape;
use crate::tokens::options::Options;

/// The members that may be null and may be missing, too.
const MAY_BE_MISSING: [&str; 1] = ["count_went_back_at"];

/// Collects the schemas that operations name.
pub(super) struct Schemas {
    by_name: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new(options: &Options) -> Self {
        let mut by_name = Map::new();
        by_name.insert("Message".into(), message(options));
        by_name.insert(
            "AppError".into(),
            json!({
                "description": "What is wrong, by the code of OAuth. (RFC 6749 §5.2)",
                "type": "object",
                "required": ["error"],
                "properties": { "error": { "type": "string" } },
            }),
        );
        Self { by_name }
    }

    /// A reference to what a request carries.
    pub(super) fn refer(&mut self, shape: Shape) -> Value {
        self.take_in(shape);
        reference(&(shape.name)())
    }

    /// A reference to an answer, whose members are all there: what is not known is null.
    pub(super) fn answered(&mut self, shape: Shape) -> Value {
        let mut named = vec![((shape.name)().into_owned(), (shape.schema)())];
        (shape.others)(&mut named);
        for (name, schema) in named {
            let mut schema = as_json(&schema);
            require_what_may_be_null(&mut schema);
            self.by_name.entry(name).or_insert(schema);
        }
        reference(&(shape.name)())
    }

    /// The schema of an object with only some of the type's members.
    pub(super) fn only(&mut self, shape: Shape, members: &[&str]) -> Value {
        let mut whole = as_json(&(shape.schema)());
        let is_kept = |name: &str| members.contains(&name);
        if let Some(properties) = whole.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| is_kept(name));
        }
        if let Some(required) = whole.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_some_and(is_kept));
        }
        whole["additionalProperties"] = false.into();
        self.take_in_others(shape);
        whole
    }

    /// The properties of an object, by name.
    pub(super) fn properties(&mut self, shape: Shape) -> Map<String, Value> {
        self.take_in_others(shape);
        let whole = as_json(&(shape.schema)());
        whole["properties"].as_object().cloned().unwrap_or_default()
    }

    /// The names of an object's members, each with `?` if it may be missing.
    pub(super) fn members(&mut self, shape: Shape, is_answer: bool) -> Vec<String> {
        let schema = if is_answer { self.answered(shape) } else { self.refer(shape) };
        let mut names = Vec::new();
        self.gather(&schema, &mut names);
        names
    }

    fn gather(&self, schema: &Value, names: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return self.by_name.get(name).into_iter().for_each(|schema| self.gather(schema, names));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, names);
        }
        for name in schema["properties"].as_object().into_iter().flat_map(Map::keys) {
            let is_required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
            names.push(if is_required { name.clone() } else { format!("{name}?") });
        }
    }

    pub(super) fn into_components(self) -> Value {
        self.by_name.into()
    }

    fn take_in(&mut self, shape: Shape) {
        self.by_name.entry((shape.name)().into_owned()).or_insert_with(|| as_json(&(shape.schema)()));
        self.take_in_others(shape);
    }

    fn take_in_others(&mut self, shape: Shape) {
        let mut named = Vec::new();
        (shape.others)(&mut named);
        for (name, schema) in named {
            self.by_name.entry(name).or_insert_with(|| as_json(&schema));
        }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn as_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// What a type may leave out (`skip_serializing_if`) it describes as never null; so what may be null is there.
fn require_what_may_be_null(schema: &mut Value) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        require_what_may_be_null(part);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let nullable: Vec<Value> = properties
        .iter()
        .filter(|(name, schema)| may_be_null(schema) && !MAY_BE_MISSING.contains(&name.as_str()))
        .map(|(name, _)| name.as_str().into())
        .collect();
    if nullable.is_empty() {
        return;
    }
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    required.extend(
        nullable.into_iter().filter(|name| !schema["required"].as_array().is_some_and(|all| all.contains(name))),
    );
    schema["required"] = required.into();
}

fn may_be_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    is_null(&schema["type"])
        || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || ["oneOf", "anyOf"].iter().any(|key| schema[*key].as_array().is_some_and(|each| each.iter().any(may_be_null)))
}

/// A text for whoever reads it, and nothing else that a program should rely on. The settings name its member.
fn message(options: &Options) -> Value {
    let key = &options.error_message_key;
    let mut message = json!({
        "description": "What is wrong, or that all is well, in English.",
        "type": "object",
        "required": [key],
        "properties": { key: { "type": "string" } },
    });
    if let Some(code) = &options.error_code_key {
        message["properties"][code] =
            json!({ "type": "string", "description": "What is wrong with the token, as one word." });
    }
    message
}
