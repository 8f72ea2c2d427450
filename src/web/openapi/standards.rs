//! Answers that a standard describes, and whose members are put together one by one.

use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Array, Object, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What is told of a token. (RFC 7662 §2.2)
pub(super) enum Introspected {}

/// Public keys. (RFC 7517 §5)
pub(super) enum Jwks {}

/// What there is to know of Portero as an OpenID provider. (OpenID Connect Discovery 1.0 §3)
pub(super) enum ProviderMetadata {}

/// What an app may know of somebody. (OpenID Connect Core 1.0 §5.1)
pub(super) enum Claims {}

/// An OpenAPI document.
pub(super) enum Document {}

impl PartialSchema for Introspected {
    fn schema() -> RefOr<Schema> {
        let bool_or_number =
            OneOfBuilder::new().item(Object::with_type(Type::Boolean)).item(Object::with_type(Type::Number));
        let names = ["iss", "sub", "jti", "type", "sid", "acr", "username", "token_type", "client_id", "scope"];
        let told = ObjectBuilder::new()
            .description(Some("What there is to know of a token. Of one that is not good: `active` alone. (RFC 7662)"))
            .property("active", Object::with_type(Type::Boolean))
            .required("active")
            .property("aud", one_or_several())
            .property("fresh", bool_or_number)
            .property("amr", texts());
        let told = names.iter().fold(told, |told, name| told.property(*name, text()));
        let moments = ["exp", "iat", "nbf", "auth_time"];
        moments.iter().fold(told, |told, name| told.property(*name, Object::with_type(Type::Integer))).into()
    }
}

impl PartialSchema for Jwks {
    fn schema() -> RefOr<Schema> {
        let key = ObjectBuilder::new()
            .property("kty", text())
            .property("kid", text())
            .property("alg", text())
            .property("use", text())
            .required("kty")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)));
        ObjectBuilder::new()
            .description(Some("Public keys. (RFC 7517)"))
            .property("keys", Array::new(key))
            .required("keys")
            .into()
    }
}

impl PartialSchema for ProviderMetadata {
    fn schema() -> RefOr<Schema> {
        let texts_of = [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "introspection_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        ];
        let told = ObjectBuilder::new()
            .description(Some("Where an app finds what, and what there is. (OpenID Connect Discovery 1.0, RFC 8414)"))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)));
        texts_of.iter().fold(told, |told, name| told.property(*name, text()).required(*name)).into()
    }
}

impl PartialSchema for Claims {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("What an app may know of somebody, by its scopes. (OpenID Connect Core 1.0 §5.1)"))
            .property("sub", text())
            .required("sub")
            .property("preferred_username", text())
            .property("name", text())
            .property("locale", text())
            .property("email", text())
            .property("email_verified", Object::with_type(Type::Boolean))
            .property("groups", texts())
            .into()
    }
}

impl PartialSchema for Document {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("An OpenAPI document."))
            .property("openapi", text())
            .required("openapi")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Document {}
impl ToSchema for Introspected {}
impl ToSchema for Jwks {}
impl ToSchema for ProviderMetadata {}
impl ToSchema for Claims {}

fn text() -> Object {
    Object::with_type(Type::String)
}

fn texts() -> Array {
    Array::new(text())
}

fn one_or_several() -> OneOfBuilder {
    OneOfBuilder::new().item(text()).item(texts())
}
