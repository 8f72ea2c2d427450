//! An app with the crate `openidconnect`. It prints where to sign in, reads the address that the answer came to, prints what it has learned,
//! and once more when it reads that the session has ended. Before that, it prints where to sign out if it is asked to.

use std::error::Error;
use std::io::stdin;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreUserInfoClaims};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, TokenIntrospectionResponse as _,
    TokenResponse as _,
};
use serde_json::json;

/// Sends a request, follows no redirect, and takes every status for an answer.
fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let answer = ureq::Agent::from(config).run(request)?;
    let (parts, mut body) = answer.into_parts();
    Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
}

fn line() -> Result<String, std::io::Error> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn main() -> Result<(), Box<dyn Error>> {
    let told = std::env::var;
    let issuer = told("ISSUER")?;
    let metadata = ProviderMetadataWithLogout::discover(&IssuerUrl::new(issuer.clone())?, &send)?;
    let leave = metadata.additional_metadata().end_session_endpoint.clone();
    let secret = ClientSecret::new(told("CLIENT_SECRET")?);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(told("CLIENT_ID")?), Some(secret))
        .set_redirect_uri(RedirectUrl::new(told("APP")? + "/callback")?)
        .set_introspection_url(IntrospectionUrl::new(format!("{issuer}/introspect"))?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (to, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    println!("{}", json!({ "to": to }));

    let answer = Url::parse(&line()?)?;
    let field = |name: &str| answer.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned());
    assert_eq!(field("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(field("code").ok_or("no code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&send)?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let checks = client.id_token_verifier();
    let claims = id_token.claims(&checks, &nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&checks)?);
        assert_eq!(&AccessTokenHash::from_token(tokens.access_token(), algorithm, key)?, expected);
    }
    let subject = Some(claims.subject().clone());
    let person: CoreUserInfoClaims = client.user_info(tokens.access_token().clone(), subject)?.request(&send)?;
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let again = client.exchange_refresh_token(refresh)?.request(&send)?;
    let is_active = || client.introspect(again.access_token()).request(&send).map(|answer| answer.active());
    println!(
        "{}",
        json!({
            "id_token": claims,
            "told": person,
            "refreshed": again.access_token().secret() != tokens.access_token().secret(),
            "active": is_active()?,
        })
    );

    if line()? == "sign out" {
        let to = LogoutRequest::from(leave.ok_or("no way to sign out")?)
            .set_id_token_hint(id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(told("APP")? + "/signed-out")?)
            .set_state(CsrfToken::new_random())
            .http_get_url();
        println!("{}", json!({ "to": to }));
        line()?;
    }
    // The crate revokes by https only.
    let renewed = again.refresh_token().ok_or("no other refresh token")?;
    let refused = match client.exchange_refresh_token(renewed)?.request(&send) {
        Err(RequestTokenError::ServerResponse(answer)) => answer.error().to_string(),
        other => format!("{other:?}"),
    };
    println!("{}", json!({ "active": is_active()?, "refused": refused }));
    Ok(())
}
