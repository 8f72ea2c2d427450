//! All settings: from the file, the environment and the command line. Read once at the start and checked as a whole, so that all
//! faults are named at once. `docs/settings.md` describes them, and a test makes sure that it leaves none out.

mod contradictions;
mod jwt;
mod load;
mod mail;
mod master_keys;
mod parse;
mod reader;
mod second_factor;
mod settings;

pub use parse::{human, span};
pub use second_factor::{SecondFactor, SecondFactorPolicy};
pub use settings::{
    AppAddresses, ClientIpHeader, Config, Faults, ForeignTokens, Loaded, LogFormat, LogLevel, LogRules, MailSecurity,
    MailServer, MailSettings, MasterKey, Overrides, PasswordSettings, Rotate, Sender, SessionRules, Setting, Source,
    Subject,
};

#[cfg(test)]
mod tests;
