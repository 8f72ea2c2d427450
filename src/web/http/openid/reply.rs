//! How an app gets the answer to its request: through the browser, which is led to the app's own address.

use actix_web::HttpResponse;
use url::Url;

use crate::web::http::app_host::lead_to;

/// Where the answer goes, and what comes with any.
#[derive(Clone, Debug)]
pub(in crate::web) struct Reply {
    pub(in crate::web) issuer: String,
    /// An address of the app's own: it was compared.
    pub(in crate::web) redirect_uri: String,
    pub(in crate::web) mode: ResponseMode,
    /// Handed back as it came.
    pub(in crate::web) state: Option<String>,
}

/// How the answer is carried. (OAuth 2.0 Form Post Response Mode)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum ResponseMode {
    Query,
    FormPost,
}

impl ResponseMode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

impl Reply {
    /// What the app is told when there is a code.
    pub(in crate::web) fn code(&self, code: &str) -> Vec<(&'static str, String)> {
        self.with(vec![("code", code.to_owned())])
    }

    pub(in crate::web) fn error(&self, error: &str, why: &str) -> Vec<(&'static str, String)> {
        self.with(vec![("error", error.to_owned()), ("error_description", why.to_owned())])
    }

    /// The issuer, so that an app that knows several can't be made to take the answer of one for another's. (RFC 9207)
    fn with(&self, mut fields: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        fields.extend(self.state.clone().map(|state| ("state", state)));
        fields.push(("iss", self.issuer.clone()));
        fields
    }

    /// The app's address with these fields.
    pub(in crate::web) fn address(&self, fields: &[(&'static str, String)]) -> String {
        with_query(&self.redirect_uri, fields)
    }

    /// 303 to the app.
    pub(in crate::web) fn redirect(&self, fields: &[(&'static str, String)]) -> HttpResponse {
        lead_to(&self.address(fields), Vec::new())
    }

    /// Where a person goes who wants to go back to the app: its own first page, as far as that can be told.
    pub(in crate::web) fn home(&self) -> Option<String> {
        let url = Url::parse(&self.redirect_uri).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
        Some(format!("{}/", url.origin().ascii_serialization()))
    }
}

/// An app's address with these fields. What it has in its query stays. Not written out again by `Url`, for it is the app's own spelling.
pub(super) fn with_query(address: &str, fields: &[(&'static str, String)]) -> String {
    if fields.is_empty() {
        return address.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{query}")
}
