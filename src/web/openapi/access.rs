//! Who may call an operation: what its handler's parameters say, in words and as `x-portero-access`.

use serde_json::{Value, json};

use crate::config::Config;
use crate::web::http::below_policy;
use crate::web::http::signed_in::ADMIN_MAX_AGE;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Access {
    pub(in crate::web) who: Who,
    pub(in crate::web) token: Token,
    pub(in crate::web) fresh: bool,
    pub(in crate::web) second_factor: SecondFactor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Who {
    Anyone,
    /// An app, by its credentials.
    App,
    /// An app, by its credentials or, if it has none, by its name.
    NamedApp,
    User,
    Admin,
}

/// Which of a session's tokens is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Token {
    None,
    /// The access token, or none. A bad one is refused.
    Optional,
    Access,
    Refresh,
    Either,
    /// Not a session's: the access token that an app was given by OpenID Connect.
    Apps,
}

/// What is asked besides of somebody who has a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum SecondFactor {
    NotAsked,
    /// They gave it in this session.
    InSession,
    /// They gave it as recently as the first.
    Fresh,
}

impl Access {
    pub(in crate::web) const ANYONE: Self =
        Self { who: Who::Anyone, token: Token::None, fresh: false, second_factor: SecondFactor::NotAsked };
    pub(in crate::web) const APP: Self = Self { who: Who::App, ..Self::ANYONE };
    pub(in crate::web) const NAMED_APP: Self = Self { who: Who::NamedApp, ..Self::ANYONE };
    pub(in crate::web) const APPS_TOKEN: Self = Self { who: Who::App, token: Token::Apps, ..Self::ANYONE };
    /// `OptionalToken`.
    pub(in crate::web) const OPTIONAL: Self = Self { token: Token::Optional, ..Self::ANYONE };
    /// `AccessToken`, `OwnMandate`.
    pub(in crate::web) const USER: Self = Self { who: Who::User, token: Token::Access, ..Self::ANYONE };
    /// `RefreshToken`.
    pub(in crate::web) const REFRESH: Self = Self { token: Token::Refresh, ..Self::USER };
    /// `AnyToken`.
    pub(in crate::web) const EITHER: Self = Self { token: Token::Either, ..Self::USER };
    /// `FreshToken`, `FreshMandate`.
    pub(in crate::web) const FRESH: Self = Self { fresh: true, ..Self::USER };
    /// `FactorMandate`.
    pub(in crate::web) const FACTOR: Self = Self { second_factor: SecondFactor::Fresh, ..Self::FRESH };
    /// `Admin`, `ExportMandate`.
    pub(in crate::web) const ADMIN: Self = Self { who: Who::Admin, ..Self::USER };
    /// `FreshAdmin`, `AdminMandate`.
    pub(in crate::web) const FRESH_ADMIN: Self = Self { fresh: true, ..Self::ADMIN };
    /// `StrongAdminMandate`.
    pub(in crate::web) const STRONG_ADMIN: Self = Self { second_factor: SecondFactor::Fresh, ..Self::FRESH_ADMIN };

    /// Whether a session's token has to be shown.
    pub(in crate::web) fn needs_token(self) -> bool {
        matches!(self.token, Token::Access | Token::Refresh | Token::Either)
    }

    /// For how many seconds a proof of identity counts. `None`: its age does not matter.
    pub(in crate::web) fn fresh_within(self, config: &Config) -> Option<i64> {
        let fresh_for = config.session.fresh_for;
        match (self.fresh, self.who) {
            (false, _) => None,
            (true, Who::Admin) => Some(ADMIN_MAX_AGE.min(fresh_for)),
            (true, _) => Some(fresh_for),
        }
    }

    /// `x-portero-access` of an operation at `path`.
    pub(in crate::web) fn told(self, config: &Config, path: &str) -> Value {
        let mut told = json!({
            "who": match self.who {
                Who::Anyone => "anyone",
                Who::App => "app",
                Who::NamedApp => "named_app",
                Who::User => "user",
                Who::Admin => "admin",
            },
            "token": match self.token {
                Token::None => "none",
                Token::Optional => "optional",
                Token::Access => "access",
                Token::Refresh => "refresh",
                Token::Either => "either",
                Token::Apps => "apps",
            },
            "fresh_within": self.fresh_within(config),
            "second_factor": match self.second_factor {
                SecondFactor::NotAsked => "not_asked",
                SecondFactor::InSession => "in_session",
                SecondFactor::Fresh => "fresh",
            },
        });
        if self.needs_token() {
            told["open_below_policy"] = below_policy::pattern_stays_open(path).into();
        }
        told
    }
}
