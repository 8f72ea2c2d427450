//! How values read in the OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{AppName, AppOrigin, DisplayName, GroupName, LogoutUri, Mail, OpenPath, SessionId, UnixTime, Username};

fn moment() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".into())))
}

macro_rules! read_as {
    ($($type:ty: $name:literal, $kind:ident, $about:literal;)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $kind().description(Some($about)).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

read_as! {
    UnixTime: "Moment", moment, "Seconds since the epoch.";
    SessionId: "SessionId", uuid, "The id of a session, which is one sign-in of one browser or program.";
    Username: "Username", text, "The name somebody signs in with.";
    DisplayName: "DisplayName", text, "What people call somebody.";
    Mail: "Mail", text, "Where Portero sends mail.";
    GroupName: "GroupName", text, "What a group of people is called.";
    AppName: "AppName", text, "What an app is called.";
    AppOrigin: "AppOrigin", text, "Where people reach an app: scheme, host and, unless it is 443, port.";
    OpenPath: "OpenPath", text, "The beginning of paths that anybody may ask for.";
    LogoutUri: "LogoutUri", text, "Where an app is told that a session has ended.";
}
