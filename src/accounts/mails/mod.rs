//! The mails that acts leave in the outbox, and what becomes of them. How a mail reads is decided in `mail/`, who sends it and when in
//! `mailing.rs`. Without the setting `mail.url` nothing is left there.

pub mod deliveries;
pub mod letter;
pub mod post;
