//! How an app signs people in by OpenID Connect, as the operator writes and reads it.

use clap::{Args, ValueEnum};

use super::output::Failure;
use crate::domain::{AppAlgorithm, AppUri, OpenIdRules};

#[derive(Args)]
pub(super) struct OpenIdArguments {
    /// Where the app gets its answers when it signs people in by OpenID Connect, such as https://wiki.example.org/callback; once for each
    /// [add: none]
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where the app may have people led after they have signed out; once for each; an empty text for none [add: none]
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_uris: Vec<String>,
    /// Whether the app can keep no secret, as a program on people's devices or a page's script [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    public: Option<bool>,
    /// Whether nobody is asked if the app may know who they are [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    trusted: Option<bool>,
    /// Whether the app has to send a code challenge (PKCE), which some can't; a public app always has to [add: true]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pkce: Option<bool>,
    /// How its ID tokens are signed [add: RS256]
    #[arg(long, value_name = "RS256|ES256")]
    id_token_algorithm: Option<AlgorithmArgument>,
    /// Whether ID tokens say what /userinfo says, too [add: true]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    claims_in_id_token: Option<bool>,
    /// Whether the app looks up in the status list if a session has ended, so that its ID tokens say where [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    status_list: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum AlgorithmArgument {
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "ES256")]
    Es256,
}

/// What the operator wants to be different.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct OpenIdChanges {
    redirect_uris: Option<Vec<AppUri>>,
    post_logout_uris: Option<Vec<AppUri>>,
    public: Option<bool>,
    trusted: Option<bool>,
    pkce: Option<bool>,
    algorithm: Option<AppAlgorithm>,
    claims_in_id_token: Option<bool>,
    status_list: Option<bool>,
}

impl OpenIdArguments {
    pub(super) fn read(self) -> Result<OpenIdChanges, Failure> {
        Ok(OpenIdChanges {
            redirect_uris: uris(&self.redirect_uris)?,
            post_logout_uris: uris(&self.post_logout_uris)?,
            public: self.public,
            trusted: self.trusted,
            pkce: self.pkce,
            algorithm: self.id_token_algorithm.map(|algorithm| match algorithm {
                AlgorithmArgument::Rs256 => AppAlgorithm::RS256,
                AlgorithmArgument::Es256 => AppAlgorithm::ES256,
            }),
            claims_in_id_token: self.claims_in_id_token,
            status_list: self.status_list,
        })
    }
}

/// `None`: not named. An empty text names none.
fn uris(texts: &[String]) -> Result<Option<Vec<AppUri>>, Failure> {
    let named = texts.iter().filter(|text| !text.is_empty());
    let uris: Result<Vec<_>, Failure> =
        named.map(|text| AppUri::parse(text).map_err(|fault| format!("{text}: {fault}").into())).collect();
    Ok(if texts.is_empty() { None } else { Some(uris?) })
}

impl OpenIdChanges {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn make(self, rules: &mut OpenIdRules) {
        fn put<T>(place: &mut T, wanted: Option<T>) {
            if let Some(wanted) = wanted {
                *place = wanted;
            }
        }
        put(&mut rules.redirect_uris, self.redirect_uris);
        put(&mut rules.post_logout_uris, self.post_logout_uris);
        put(&mut rules.is_public, self.public);
        put(&mut rules.is_trusted, self.trusted);
        put(&mut rules.needs_pkce, self.pkce);
        put(&mut rules.algorithm, self.algorithm);
        put(&mut rules.tells_in_id_token, self.claims_in_id_token);
        put(&mut rules.reads_status_list, self.status_list);
    }
}

pub(super) fn show(rules: &OpenIdRules) {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    for uri in &rules.redirect_uris {
        println!("redirect     {}", uri.as_str());
    }
    for uri in &rules.post_logout_uris {
        println!("after logout {}", uri.as_str());
    }
    if rules.is_used() {
        println!("public       {}", yes_no(rules.is_public));
        println!("trusted      {}", yes_no(rules.is_trusted));
        println!("pkce         {}", yes_no(rules.requires_pkce()));
        println!("id tokens    {}", rules.algorithm.as_str());
        println!("their claims {}", if rules.tells_in_id_token { "all" } else { "few" });
        println!("status list  {}", yes_no(rules.reads_status_list));
    }
}
