//! The log of the server, and what of it a command shows: on standard error, so that standard output is left for people.
//! `docs/events.md` describes it.

use std::fmt::{self, Debug};

use ipnet::IpNet;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, Faults, LogFormat, LogLevel};
use crate::connections;
use crate::seldom::Seldom;

/// Commands say what they did in words of their own. Of the log they show only what should worry the operator.
pub(super) fn start_for_command() {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(LevelFilter::WARN).with(layer.fmt_fields(TextFields)).init();
}

/// Tells what is wrong with the settings, one fault a line, to a reader who expects JSON from the first line on.
pub(super) fn tell_faults_as_json(faults: &Faults) {
    let layer =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).log_internal_errors(false);
    tracing_subscriber::registry().with(LevelFilter::ERROR).with(layer.json().flatten_event(true)).init();
    for error in &faults.lines {
        tracing::error!(event = "settings_wrong", error);
    }
}

/// Starts the server's log; from here on a panic goes there too, in the log's own format.
pub(super) fn start(config: &Config) {
    let level = match config.log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let registry = tracing_subscriber::registry().with(level).with(HttpLibrary::new(config.trusted_proxies.clone()));
    // A disk that is full must not end the server: what can't be written is lost, without a word about it.
    let layer =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).log_internal_errors(false);
    match config.log.format {
        LogFormat::Text => registry.with(layer.fmt_fields(TextFields)).init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(event = "panicked", location, error = panic.payload_as_str().unwrap_or("no text"));
    }));
}

/// Keeps what libraries say out of the log, where every line has an event of Portero's: that of HTTP, and that of passkeys, which tells as an
/// error whatever somebody sends that is none. Of bytes that are no request, such as a
/// TLS handshake or a head that is too long, it tells in the HTTP library's place: with the address that they came from.
struct HttpLibrary {
    trusted_proxies: Vec<IpNet>,
    unreadable: Seldom,
}

impl HttpLibrary {
    fn new(trusted_proxies: Vec<IpNet>) -> Self {
        Self { trusted_proxies, unreadable: Seldom::default() }
    }

    fn tell(&self, event: &Event<'_>) {
        let peer = connections::peer().map(|peer| peer.to_canonical());
        let Some(peer) = peer.filter(|peer| self.unreadable.is_due(*peer)) else { return };
        let mut error = Message(String::new());
        event.record(&mut error);
        // Whoever shuts out addresses by this event must not shut out the proxy.
        let is_proxy = self.trusted_proxies.iter().any(|net| net.contains(&peer));
        let ip = if is_proxy { "unknown".to_owned() } else { peer.to_string() };
        tracing::warn!(event = "request_unreadable", ip, error = error.0.trim_start_matches("stream error: "));
    }
}

impl<S: Subscriber> Layer<S> for HttpLibrary {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let (target, level) = (event.metadata().target(), *event.metadata().level());
        // The decoder says no more than the dispatcher does after it.
        if target == "actix_http::h1::dispatcher" && level == Level::ERROR {
            self.tell(event);
        }
        // That connections can't be accepted has to be known, whoever says so.
        let is_chatter = target.starts_with("actix_server") && level > Level::WARN;
        !is_chatter && !target.starts_with("actix_http") && !target.starts_with("webauthn_rs")
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// The fields of a line of text: every text in quotes, escaped as in Rust, whatever type it had; numbers and switches bare.
struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = TextLine { writer, is_first: true, written: Ok(()) };
        fields.record(&mut line);
        line.written
    }
}

struct TextLine<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    written: fmt::Result,
}

impl TextLine<'_> {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let space = if std::mem::take(&mut self.is_first) { "" } else { " " };
        let written = match field.name() {
            "message" => write!(self.writer, "{space}{value}"),
            name => write!(self.writer, "{space}{name}={value}"),
        };
        self.written = self.written.and(written);
    }
}

impl Visit for TextLine<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" if !text.contains(char::is_control) => self.add(field, format_args!("{text}")),
            _ => self.add(field, format_args!("{text:?}")),
        }
    }
}
