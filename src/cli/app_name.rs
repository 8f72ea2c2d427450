//! Reads the name of an app that the operator wrote.

use super::output::Failure;
use crate::domain::AppName;

pub(super) fn app_name(text: &str) -> Result<AppName, Failure> {
    let fault =
        || format!("an app's name has 1 to {} characters, none of them a control character", AppName::MAX_CHARS);
    AppName::parse(text).ok_or_else(|| fault().into())
}
