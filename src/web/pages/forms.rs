//! What can be wrong with a form.

use crate::domain::UsernameFault;

/// One thing that is wrong with a form: the id of the field (empty: the form as a whole), and a sentence.
pub(in crate::web) struct FieldError {
    pub(in crate::web) field: &'static str,
    pub(in crate::web) text: String,
}

/// The value of a box in a form, as the form sends it.
pub(in crate::web) fn tick(is_set: bool) -> String {
    if is_set { "on".into() } else { String::new() }
}

/// The catalogue's key of the sentence about a user name that is wrong. `typed`: the name as it was typed.
pub(in crate::web) fn username_fault(fault: UsernameFault, typed: &str) -> &'static str {
    match fault {
        UsernameFault::Length if typed.trim().is_empty() => "error-username-missing",
        UsernameFault::Length => "error-username-length",
        UsernameFault::Characters => "error-username-characters",
    }
}
