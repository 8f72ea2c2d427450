//! Making and reading tokens with the app's callbacks.

use std::sync::Arc;

use super::hooks::Hooks;
use crate::tokens::{Claims, Fault, IssueError, NewToken};

impl dyn Hooks + '_ {
    /// Signs a token as the options and the callbacks say. Claims and headers that are built in are replaced by those that the
    /// callbacks add, and these by the token's own. (`create_access_token`, `create_refresh_token`)
    pub fn create(&self, token: NewToken) -> Result<String, IssueError> {
        let given_identity = token.identity;
        let mut additional_claims = self.additional_claims(&given_identity);
        additional_claims.extend(token.additional_claims);
        let mut additional_headers = self.additional_headers(&given_identity);
        additional_headers.extend(token.additional_headers);
        let identity = self.user_identity(&given_identity);
        let token = NewToken { identity, additional_claims, additional_headers, ..token };
        self.engine().issue_with(&token, self.encode_key(&given_identity).as_deref(), self.now())
    }

    /// Checks a token outside any request, as [`Engine::decode`](crate::tokens::Engine::decode) does but with the key that
    /// [`decode_key`](Hooks::decode_key) names. (`decode_token`)
    pub fn decode(&self, token: &str, csrf: Option<&str>) -> Result<Arc<Claims>, Fault> {
        let now = self.now();
        let token = self.engine().take_apart(token, now)?;
        let key = self.decode_key(&token)?;
        self.engine().check(&token, key.as_deref(), csrf, now)?.unexpired()
    }
}
