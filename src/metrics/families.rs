//! Every metric with its meaning. docs/metrics.md has the same list.

use super::Found;
use super::exposition::{Described, Exposition};
use super::process;
use crate::domain::Reason;
use crate::store::audit::event::What;
use crate::store::hourly_counts::Counted;
use crate::store::signing_keys::KeyPurpose;
use crate::web::App;

/// All metrics as text.
pub(super) fn text(app: &App, found: &Found) -> Result<String, prometheus::Error> {
    let mut all = Exposition::default();
    of_server(&mut all, app);
    of_acts(&mut all, app);
    of_requests(&mut all, app);
    of_work(&mut all, app);
    of_memory(&mut all, app);
    of_database(&mut all, found);
    of_process(&mut all, app);
    all.text()
}

fn of_server(all: &mut Exposition, app: &App) {
    all.gauges(
        Described { name: "portero_build_info", help: "Always 1; the version stands in the label." },
        [(("version", env!("CARGO_PKG_VERSION")), 1.0)],
    );
    let blocklist = &app.accounts.blocklist;
    let is_ready = !app.is_starting()
        && !blocklist.is_in_doubt()
        && !blocklist.lease.is_over()
        && app.database_check.fault().is_none()
        && app.accounts.db.trouble().is_none();
    all.gauge(
        Described {
            name: "portero_ready",
            help: "Whether memory is in step with the database, and that does its work as far as is known.",
        },
        f64::from(u8::from(is_ready)),
    );
}

fn of_acts(all: &mut Exposition, app: &App) {
    let totals = app.accounts.db.commit_counts().totals();
    let count = |what| totals.counted.get(&what).copied().unwrap_or(0);
    all.counters(
        Described { name: "portero_audit_events_total", help: "Events that this process added to the audit log." },
        What::ALL.iter().map(|what| {
            let what = what.as_str();
            (("event", what), totals.events.get(what).copied().unwrap_or(0))
        }),
    );
    all.counters(
        Described { name: "portero_sessions_ended_total", help: "Sessions that this process ended." },
        Reason::ALL.iter().map(|reason| (("reason", reason.as_str()), count(Counted::Ended(*reason)))),
    );
    all.counters(
        Described { name: "portero_sign_ins_total", help: "Sign-ins, by what let somebody in at last." },
        app.accounts.sign_ins.by_means().map(|(method, count)| (("method", method), count)),
    );
    all.counter(
        Described { name: "portero_renewals_total", help: "How often this process gave a session new tokens." },
        count(Counted::Renewed),
    );
    all.counter(
        Described {
            name: "portero_unknown_names_total",
            help: "Tries to sign in under a name that nobody bears. They are not in the audit log.",
        },
        count(Counted::UnknownName),
    );
}

fn of_requests(all: &mut Exposition, app: &App) {
    let by_route = app.answers.by_route();
    all.counters_by_two(
        Described { name: "portero_http_responses_total", help: "Requests that were answered." },
        by_route.iter().flat_map(|(route, counts)| {
            counts.iter().map(|(code, count)| ([("route", *route), ("code", *code)], *count))
        }),
    );
    all.histogram(
        Described {
            name: "portero_http_request_duration_seconds",
            help: "How long requests took until their answer began.",
        },
        &app.answers.durations(),
    );
    all.counters(
        Described { name: "portero_throttled_total", help: "Tries that were refused because there had been too many." },
        app.answers.by_limit().map(|(limit, count)| (("limit", limit), count)),
    );
}

fn of_work(all: &mut Exposition, app: &App) {
    let workers = [("password", &app.password_workers), ("reader", &app.readers), ("signer", &app.signer)];
    let commits = app.accounts.db.commit_counts();
    let waiting = workers.iter().map(|(queue, workers)| (("queue", *queue), workers.waiting() as f64));
    all.gauges(
        Described { name: "portero_queue_waiting", help: "Jobs that wait for a thread at this moment." },
        waiting.chain([(("queue", "writer"), commits.waiting() as f64)]),
    );
    all.counters(
        Described {
            name: "portero_queue_refused_total",
            help: "Jobs that were refused because they would have waited for too long.",
        },
        workers.iter().map(|(queue, workers)| (("queue", *queue), workers.counts().refused.get())),
    );
    all.histogram(
        Described {
            name: "portero_password_wait_seconds",
            help: "How long acts that hash a password waited for a thread.",
        },
        &app.password_workers.counts().waited.spread(),
    );
    all.histogram(
        Described { name: "portero_commit_jobs", help: "How many acts were committed together." },
        &commits.jobs.spread(),
    );
    all.histogram(
        Described { name: "portero_commit_seconds", help: "How long such a transaction took." },
        &commits.seconds.spread(),
    );
}

fn of_memory(all: &mut Exposition, app: &App) {
    let blocklist = &app.accounts.blocklist;
    all.gauges(
        Described {
            name: "portero_blocklist_entries",
            help: "Tokens and ended sessions that memory refuses because they could still be shown.",
        },
        [
            (("kind", "token"), blocklist.refused_tokens() as f64),
            (("kind", "session"), blocklist.refused_sessions() as f64),
        ],
    );
    all.gauge(
        Described {
            name: "portero_users_in_memory",
            help: "Users with an open session, or with one that ended some minutes ago.",
        },
        blocklist.users() as f64,
    );
}

fn of_database(all: &mut Exposition, found: &Found) {
    if let Some(figures) = &found.figures {
        all.gauge(
            Described { name: "portero_sessions_open", help: "Open sessions, in the database." },
            figures.open_sessions as f64,
        );
        all.gauge(
            Described {
                name: "portero_last_backup_timestamp_seconds",
                help: "When the last backup was made that was found whole.",
            },
            figures.last_backup.map(|at| at.0 as f64),
        );
        all.gauges(
            Described {
                name: "portero_signing_key_timestamp_seconds",
                help: "Since when the key of a ring signs, if Portero keeps it.",
            },
            figures
                .signing_since
                .iter()
                .map(|(purpose, since)| (("ring", KeyPurpose::as_str(*purpose)), since.0 as f64)),
        );
        all.gauge(
            Described { name: "portero_sign_outs_to_tell", help: "Sign-outs that apps are still to be told of." },
            figures.waiting_deliveries as f64,
        );
    }
    all.gauge(
        Described {
            name: "portero_database_bytes",
            help: "The size of the database, of SQLite with what waits in its journal.",
        },
        found.size.map(|size| size as f64),
    );
}

fn of_process(all: &mut Exposition, app: &App) {
    all.gauge(
        Described { name: "process_start_time_seconds", help: "When this process began to serve." },
        app.started.0 as f64,
    );
    all.seconds(
        Described { name: "process_cpu_seconds_total", help: "Processor time that this process has used." },
        process::cpu_seconds(),
    );
    all.gauge(
        Described { name: "process_resident_memory_bytes", help: "Memory that this process has in use." },
        process::resident_bytes(),
    );
    all.gauge(Described { name: "process_open_fds", help: "Descriptors that are open." }, process::open_descriptors());
    all.gauge(
        Described { name: "process_max_fds", help: "Descriptors that may be open." },
        process::most_descriptors(),
    );
}
