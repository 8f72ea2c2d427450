//! The log of the server, and what of it a command shows.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogLevel, LogRules};

/// Commands say what they did in words of their own. Of the log they show only what should worry the operator.
pub(super) fn start_for_command() {
    start(&LogRules { format: LogFormat::Text, level: LogLevel::Warn });
}

/// The log goes to standard error, so that standard output is left for people.
pub(super) fn start(rules: &LogRules) {
    let level = match rules.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let registry = tracing_subscriber::registry().with(level);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    match rules.format {
        LogFormat::Text => registry.with(layer).init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).init(),
    }
}
