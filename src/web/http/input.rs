//! A request's body: a form or a JSON object, told apart by the content type alone, and read strictly.

use std::fmt;

use actix_web::dev::Payload;
use actix_web::web::ThinData;
use actix_web::{FromRequest, HttpRequest};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::{AppFault, Error};
use crate::guards::{body, is_form, is_json};
use crate::tokens::options::Location;
use crate::web::app::App;

/// The fields of a form or the members of a JSON object, each name once.
pub(in crate::web) enum Input {
    Form(Vec<(String, String)>),
    Json(Vec<(String, Value)>),
}

impl Input {
    /// Turns the fields into `T`. Those that `T` does not have are ignored: browsers and password managers add some.
    pub(in crate::web) fn form<T: DeserializeOwned>(fields: Vec<(String, String)>) -> Result<T, Error> {
        let values = fields.into_iter().map(|(name, value)| (name, Value::String(value)));
        T::deserialize(MapDeserializer::new(values))
            .map_err(|error: serde_json::Error| Error::BadInput(error.to_string()))
    }

    /// The same for an endpoint that takes nothing but forms: JSON is [`Error::UnsupportedMediaType`].
    pub(in crate::web) fn only_form<T: DeserializeOwned>(self) -> Result<T, Error> {
        match self {
            Self::Form(fields) => Self::form(fields),
            Self::Json(_) => Err(Error::UnsupportedMediaType("application/x-www-form-urlencoded")),
        }
    }

    /// The form of an app's call. One that can't be read is told as OAuth tells it. (RFC 6749 §5.2, RFC 7662 §2.3, RFC 7009 §2.2.1)
    pub(in crate::web) fn form_of_app<T: DeserializeOwned>(input: Result<Self, Error>) -> Result<T, Error> {
        input.and_then(Self::only_form).map_err(|error| match error {
            Error::BadInput(_) | Error::UnsupportedMediaType(_) => Error::App(AppFault::InvalidRequest),
            error => error,
        })
    }

    /// Returns the members if all of them are known: refusing a misspelt one is better than ignoring it.
    pub(in crate::web) fn only(members: Vec<(String, Value)>, known: &[&str]) -> Result<Vec<(String, Value)>, Error> {
        match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Error::BadInput(format!("unknown field `{name}`"))),
            None => Ok(members),
        }
    }

    /// Turns the members into `T`. Either `T` refuses unknown ones (`deny_unknown_fields`), or
    /// [`only`](Self::only) has done so before.
    pub(in crate::web) fn json<T: DeserializeOwned>(members: Vec<(String, Value)>) -> Result<T, Error> {
        T::deserialize(MapDeserializer::new(members.into_iter()))
            .map_err(|error: serde_json::Error| Error::BadInput(error.to_string()))
    }
}

impl FromRequest for Input {
    type Error = Error;
    type Future = crate::guards::LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, mut payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let (form, json) = (is_form(req.headers()), is_json(req.headers()));
            if !form && !json {
                return Err(Error::UnsupportedMediaType("application/json or application/x-www-form-urlencoded"));
            }
            let body = body::read(req.headers(), &mut payload, body::MAX_BODY_BYTES).await?;
            if form {
                let fields =
                    body::form_fields(&body).ok_or_else(|| Error::BadInput("The form is not valid UTF-8".into()))?;
                let mut names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                    return Err(Error::BadInput(format!("The field {} is there twice", twice[0])));
                }
                Ok(Self::Form(fields))
            } else {
                let members: Members = serde_json::from_slice(&body)
                    .map_err(|error| Error::BadInput(format!("The body is not a JSON object: {error}")))?;
                Ok(Self::Json(without_token(&req, members.0)))
            }
        })
    }
}

/// Leaves out the members that the guard reads tokens from, if the settings have it look into bodies: no handler knows them.
fn without_token(req: &HttpRequest, mut members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    if let Some(ThinData(app)) = req.app_data::<ThinData<App>>() {
        let options = app.accounts.engine.options();
        if options.token_location.contains(&Location::Json) {
            members.retain(|(name, _)| *name != options.json_key && *name != options.refresh_json_key);
        }
    }
    members
}

/// The most members of a JSON object: no call has a tenth of them, and each is compared with all before it.
const MOST_MEMBERS: usize = 64;

/// The members of a JSON object. A name that comes twice is an error; serde_json would keep the last.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.len() == MOST_MEMBERS {
                        return Err(serde::de::Error::custom(format!("more than {MOST_MEMBERS} fields")));
                    }
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format!("duplicate field `{name}`")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
