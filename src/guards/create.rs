//! Making and reading tokens with the app's callbacks.

use std::sync::Arc;

use super::Hooks;
use crate::tokens::{Claims, Fault, IssueError, NewToken};

impl dyn Hooks + '_ {
    /// Signs a token as the callbacks and the options say: first what is built in, then what the callbacks add, then what the token
    /// itself brings; the later stands in place of the earlier. (`create_access_token`, `create_refresh_token`)
    pub fn create(&self, token: NewToken) -> Result<String, IssueError> {
        let handed_over = token.identity;
        let mut additional_claims = self.additional_claims(&handed_over);
        additional_claims.extend(token.additional_claims);
        let mut additional_headers = self.additional_headers(&handed_over);
        additional_headers.extend(token.additional_headers);
        let identity = self.user_identity(&handed_over);
        let token = NewToken { identity, additional_claims, additional_headers, ..token };
        self.engine().issue_with(&token, self.encode_key(&handed_over).as_deref(), self.now())
    }

    /// Checks a token outside any request: all that it can tell itself, by the key that the callback names. (`decode_token`)
    pub fn decode(&self, token: &str, csrf: Option<&str>) -> Result<Arc<Claims>, Fault> {
        let now = self.now();
        let token = self.engine().take_apart(token, now)?;
        let key = self.decode_key(&token)?;
        self.engine().check(&token, key.as_deref(), csrf, now)?.unexpired()
    }
}
