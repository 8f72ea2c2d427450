//! `portero app`: the apps that take Portero's word. Works beside a running server, which enforces a change before the command returns.

use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::app_drill;
use super::app_name::app_name;
use super::confirm::confirm;
use super::existing_group::existing_group;
use super::existing_user::existing;
use super::openid_app::{self, OpenIdArguments, OpenIdChanges};
use super::operator::operator;
use super::output::{CouldNotAsk, Failure, moment, warn};
use super::running_server::wait_for_server;
use crate::accounts::Accounts;
use crate::accounts::apps::credentials::AppCredentials;
use crate::accounts::apps::exactness::{Exactness, Learns, exactness};
use crate::accounts::apps::manage::{self, Added, AppFault};
use crate::clock::Clock;
use crate::config::{Loaded, human, span};
use crate::domain::{Allowed, App, AppOrigin, AppRules, Entrant, Level, LogoutUri, OpenPath};
use crate::installation::Installation;
use crate::store::{app_drills, apps, users};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add an app; with --introspect or --redirect-uri, prints its credentials, and the secret only this once
    Add {
        /// The app's name
        name: String,
        #[command(flatten)]
        rules: Rules,
        /// Print the credentials as JSON
        #[arg(long)]
        json: bool,
    },
    /// Change how an app is set up; what is not named stays as it is
    Set {
        /// The app's name, as `list` shows it
        name: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// List the apps
    List,
    /// Show how an app is set up
    Show {
        /// The app's name, as `list` shows it
        name: String,
    },
    /// Remove an app: nobody can enter it any more, and it may ask nothing
    Remove {
        /// The app's name, as `list` shows it
        name: String,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Try out whether an app refuses a session that has ended: an account made for it signs in there, signs out here, and goes
    #[command(after_help = app_drill::EXIT_CODES)]
    Drill {
        /// The app's name, as `list` shows it
        name: String,
        #[command(flatten)]
        arguments: Box<app_drill::Arguments>,
    },
    /// Print another secret for an app that has one; the newest one before it stays valid
    NewSecret {
        /// The app's name, as `list` shows it
        name: String,
    },
}

#[derive(Args)]
pub(super) struct Rules {
    /// Where people reach the app, such as https://wiki.example.org; once for each address [add: none]
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,
    /// Who may enter: everyone, user:NAME, group:NAME or admins; once for each [add: everyone]
    #[arg(long, value_name = "WHO")]
    allow: Vec<String>,
    /// What people must have proved: one factor, or two [add: one]
    #[arg(long, value_name = "one|two")]
    level: Option<LevelArgument>,
    /// How long ago at most, such as 12h; `any` for no limit [add: any]
    #[arg(long, value_name = "TIME")]
    max_age: Option<String>,
    /// Whether the app is told who is there [add: true]
    #[arg(long, value_name = "true|false")]
    identity: Option<bool>,
    /// A path that anybody may ask for, with all beneath it; once for each; an empty text for none [add: none]
    #[arg(long = "open-path", value_name = "PATH")]
    open_paths: Vec<String>,
    /// Whether everybody is let through, and only noted who would not be [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    observe: Option<bool>,
    /// Whether browsers may ask the app, without a pass, what other sites' pages may send (CORS preflights) [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    preflight: Option<bool>,
    /// Whether programs may show an access token of a session in place of a pass [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    bearer: Option<bool>,
    /// Whether the app may ask about tokens of sessions, and revoke them [add: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    introspect: Option<bool>,
    /// Where the app is told that a session has ended, such as https://wiki.example.org/logout; an empty text for nowhere [add: nowhere]
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    #[command(flatten)]
    openid: OpenIdArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelArgument {
    One,
    Two,
}

/// What the operator wants to be different.
#[derive(Clone)]
struct Changes {
    origins: Option<Vec<AppOrigin>>,
    allowed: Option<Allowed>,
    level: Option<Level>,
    max_age: Option<Option<i64>>,
    identity: Option<bool>,
    open_paths: Option<Vec<OpenPath>>,
    observe: Option<bool>,
    preflight: Option<bool>,
    bearer: Option<bool>,
    introspect: Option<bool>,
    backchannel_logout: Option<Option<LogoutUri>>,
    openid: OpenIdChanges,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.origins.is_none()
            && self.allowed.is_none()
            && self.level.is_none()
            && self.max_age.is_none()
            && self.identity.is_none()
            && self.open_paths.is_none()
            && self.observe.is_none()
            && self.preflight.is_none()
            && self.bearer.is_none()
            && self.introspect.is_none()
            && self.backchannel_logout.is_none()
            && self.openid.is_empty()
    }

    fn make(self, rules: &mut AppRules) {
        fn put<T>(place: &mut T, wanted: Option<T>) {
            if let Some(wanted) = wanted {
                *place = wanted;
            }
        }
        put(&mut rules.origins, self.origins);
        put(&mut rules.allowed, self.allowed);
        put(&mut rules.level, self.level);
        put(&mut rules.max_age, self.max_age);
        put(&mut rules.sends_identity, self.identity);
        put(&mut rules.open_paths, self.open_paths);
        put(&mut rules.observes, self.observe);
        put(&mut rules.passes_preflights, self.preflight);
        put(&mut rules.takes_tokens, self.bearer);
        put(&mut rules.introspects, self.introspect);
        put(&mut rules.backchannel_logout, self.backchannel_logout);
        self.openid.make(&mut rules.openid);
    }
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    match command {
        Command::Add { name, rules, json } => {
            let name = app_name(&name)?;
            let changes = read(accounts, rules)?;
            let mut rules = AppRules::default();
            changes.make(&mut rules);
            let added = manage::add(accounts, operator(), name.clone(), rules.clone()).committed()?;
            let Added { id, credentials } = added.map_err(|fault| told(fault, name.as_str()))?;
            wait_for_server(&installation)?;
            match credentials {
                _ if json => {
                    let app = accounts.db.read(|conn| apps::find(conn, id))?;
                    let client_id = app.map(|app| app.client_id);
                    let secret = credentials.map(|credentials| credentials.secret);
                    println!("{}", json!({ "client_id": client_id, "client_secret": secret }));
                }
                Some(credentials) => print(&credentials),
                None if rules.openid.is_used() => {
                    let app = accounts.db.read(|conn| apps::find(conn, id))?;
                    println!("client_id={}", app.map(|app| app.client_id).unwrap_or_default());
                }
                None if rules.origins.is_empty() && !rules.openid.is_used() => {
                    println!("{name} is added; it has no origin yet: `app set --origin`.")
                }
                None => {
                    let who = match rules.allowed {
                        Allowed::Everyone => "everyone who is signed in",
                        Allowed::Listed(_) => "only whom you have named",
                    };
                    println!("{name} is added; {who} may enter. What its proxy needs: `proxy print`.");
                }
            }
        }
        Command::Set { name, rules } => {
            let app = existing_app(accounts, &name)?;
            let changes = read(accounts, rules)?;
            if changes.is_empty() {
                return Err("name what to change, such as --allow admins; see --help".into());
            }
            let begins_to_take = changes.bearer == Some(true) && !app.rules.takes_tokens;
            let has_secret = app.rules.has_secret();
            let mut wanted = app.rules.clone();
            changes.clone().make(&mut wanted);
            let begins_to_ask = wanted.has_secret() && !has_secret;
            let set = manage::set(accounts, operator(), app.id, |rules| changes.make(rules)).committed()?;
            let has_changed = set.map_err(|fault| told(fault, &name))?;
            wait_for_server(&installation)?;
            println!("{name} {}.", if has_changed { "is changed" } else { "was so already" });
            if begins_to_take {
                eprintln!(
                    "note: let `proxy print` print the proxy's settings again: they keep the tokens from the app"
                );
            }
            if begins_to_ask && let Some(credentials) = manage::new_secret(accounts, operator(), app.id).committed()? {
                print(&credentials);
            }
        }
        Command::List => {
            for app in accounts.db.read(apps::all)? {
                let origins: Vec<&str> = app.rules.origins.iter().map(AppOrigin::as_str).collect();
                let asks = app.rules.introspects.then_some("introspect");
                let signs_in = app.rules.openid.is_used().then_some("openid");
                let kinds: Vec<&str> = asks.into_iter().chain(signs_in).chain(origins).collect();
                println!("{}  {}  {}", moment(Some(app.created_at)), app.name, kinds.join(" "));
            }
        }
        Command::Show { name } => show(accounts, &existing_app(accounts, &name)?)?,
        Command::Remove { name, yes } => {
            let app = existing_app(accounts, &name)?;
            if !yes && (!app.rules.origins.is_empty() || app.rules.openid.is_used()) {
                confirm(&format!("Remove {name}? Nobody can enter it then."))?;
            }
            if !manage::remove(accounts, operator(), app.id).committed()? {
                return Err(format!("there is no app {name}").into());
            }
            wait_for_server(&installation)?;
            println!("{name} is removed.");
        }
        Command::Drill { name, arguments } => {
            let app = existing_app(accounts, &name).map_err(|error| CouldNotAsk(error.to_string()))?;
            app_drill::run(&installation, &app, &arguments)?;
        }
        Command::NewSecret { name } => {
            let app = existing_app(accounts, &name)?;
            let made = manage::new_secret(accounts, operator(), app.id).committed()?;
            let made = made.ok_or_else(|| {
                format!("{name} has no secret: it asks about no tokens (`app set --introspect`), or it is a public app")
            })?;
            print(&made);
        }
    }
    Ok(())
}

fn print(credentials: &AppCredentials) {
    println!("client_id={}\nclient_secret={}", credentials.id, credentials.secret);
}

fn existing_app(accounts: &Accounts, name: &str) -> Result<App, Failure> {
    let found = accounts.db.read(|conn| apps::find_by_name(conn, name))?;
    found.ok_or_else(|| format!("there is no app {name}").into())
}

fn told(fault: AppFault, name: &str) -> String {
    match fault {
        AppFault::NameTaken => format!("there is an app {name} already"),
        AppFault::OriginTaken(origin) => format!("another app is at {origin} already"),
        AppFault::NoSuchGroup(name) => format!("there is no group {name}; add it with `portero group add {name}`"),
        AppFault::NoSuchApp => format!("there is no app {name}"),
        AppFault::Outdated => format!("somebody changed {name} meanwhile; try again"),
    }
}

fn read(accounts: &Accounts, rules: Rules) -> Result<Changes, Failure> {
    let origins: Result<Vec<_>, Failure> = rules
        .origins
        .iter()
        .map(|text| AppOrigin::parse(text).map_err(|fault| format!("{text}: {fault}").into()))
        .collect();
    let origins = origins?;
    let own = accounts.config.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    if let Some(own) = own.filter(|own| origins.iter().any(|origin| origin.as_str() == own)) {
        return Err(format!("{own} is Portero's own address; an app needs one of its own").into());
    }
    let open_paths: Result<Vec<_>, Failure> = rules
        .open_paths
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| {
            let fault = || {
                format!(
                    "{text} can't be an open path: write it as /public, without anything that could be read in two ways, such as \
                     .., //, ; or %"
                )
            };
            OpenPath::parse(text).ok_or_else(|| fault().into())
        })
        .collect();
    let open_paths = open_paths?;
    let max_age = match rules.max_age.as_deref() {
        None => None,
        Some("any") => Some(None),
        Some(text) => Some(Some(age(text)?)),
    };
    let backchannel_logout = match rules.backchannel_logout_uri.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(logout_uri(accounts, text)?)),
    };
    Ok(Changes {
        origins: (!origins.is_empty()).then_some(origins),
        allowed: allowed(accounts, &rules.allow)?,
        level: rules.level.map(|level| match level {
            LevelArgument::One => Level::One,
            LevelArgument::Two => Level::Two,
        }),
        max_age,
        identity: rules.identity,
        open_paths: (!rules.open_paths.is_empty()).then_some(open_paths),
        observe: rules.observe,
        preflight: rules.preflight,
        bearer: rules.bearer,
        introspect: rules.introspect,
        backchannel_logout,
        openid: rules.openid.read()?,
    })
}

fn logout_uri(accounts: &Accounts, text: &str) -> Result<LogoutUri, Failure> {
    let parsed = LogoutUri::parse(text, accounts.config.is_local());
    parsed.map_err(|fault| format!("--backchannel-logout-uri {text}: {fault}").into())
}

fn age(text: &str) -> Result<i64, Failure> {
    let found = span(text).filter(|age| AppRules::MAX_AGES.contains(age));
    found.ok_or_else(|| "--max-age takes a time from 1m to 365d, such as 15m or 12h; or any".into())
}

fn allowed(accounts: &Accounts, texts: &[String]) -> Result<Option<Allowed>, Failure> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut entrants = Vec::new();
    for text in texts {
        match (text.as_str(), text.split_once(':')) {
            ("everyone", _) if texts.len() == 1 => return Ok(Some(Allowed::Everyone)),
            ("everyone", _) => return Err("--allow everyone stands alone".into()),
            ("admins", _) => entrants.push(Entrant::Admins),
            (_, Some(("user", name))) => entrants.push(Entrant::User(existing(accounts, name)?.id)),
            (_, Some(("group", name))) => {
                entrants.push(Entrant::Group(existing_group(accounts, name)?.name.canonical()))
            }
            _ => return Err(format!("--allow {text}: write everyone, user:NAME, group:NAME or admins").into()),
        }
    }
    entrants.sort();
    entrants.dedup();
    Ok(Some(Allowed::Listed(entrants)))
}

fn show(accounts: &Accounts, app: &App) -> Result<(), Failure> {
    let rules = &app.rules;
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    println!("name         {}", app.name);
    println!("client id    {}", app.client_id);
    println!("added        {}", moment(Some(app.created_at)));
    for origin in &rules.origins {
        println!("origin       {origin}");
    }
    match &rules.allowed {
        Allowed::Everyone => println!("allowed      everyone"),
        Allowed::Listed(entrants) => {
            for entrant in entrants {
                println!("allowed      {}", entrant_name(accounts, entrant)?);
            }
        }
    }
    println!("level        {}", rules.level.as_str());
    println!("max age      {}", rules.max_age.map_or_else(|| "any".into(), human));
    println!("identity     {}", yes_no(rules.sends_identity));
    for path in &rules.open_paths {
        println!("open path    {}", path.as_str());
    }
    println!("observe      {}", yes_no(rules.observes));
    println!("preflight    {}", yes_no(rules.passes_preflights));
    println!("bearer       {}", yes_no(rules.takes_tokens));
    println!("introspect   {}", yes_no(rules.introspects));
    if let Some(uri) = &rules.backchannel_logout {
        println!("logout uri   {uri}");
    }
    openid_app::show(&rules.openid);
    if let Some(found) = exactness(accounts, app) {
        println!("ended        {}", exactness_in_words(found));
    }
    if let Some(drill) = accounts.db.read(|conn| app_drills::last(conn, app.id))? {
        println!("last drill   {}  {}", moment(Some(drill.at)), app_drill::in_words(drill));
    }
    for made in accounts.db.read(|conn| apps::secrets_made(conn, app.id))? {
        println!("secret made  {}", moment(Some(made)));
    }
    Ok(())
}

/// How long a session that has ended can live on at the app.
fn exactness_in_words(found: Exactness) -> String {
    let how = match found.learns {
        Learns::Gate => "the gate asks about each",
        Learns::Introspection => "it asks about each token",
        Learns::StatusList => "it looks sessions up in the status list",
        Learns::BackChannel => "sooner, once it has taken note of the sign-out",
        Learns::Never => "it learns of no sign-out: a token is good until it expires",
        Learns::Observed => "it is only observed",
    };
    match found.worst {
        None => format!("nobody is refused ({how})"),
        Some(0) => format!("refused on the next request ({how})"),
        Some(seconds) => format!("refused after {} at worst ({how})", human(seconds)),
    }
}

fn entrant_name(accounts: &Accounts, entrant: &Entrant) -> Result<String, Failure> {
    Ok(match entrant {
        Entrant::User(id) => {
            let name = accounts.db.read(|conn| users::name_of(conn, *id))?;
            format!("user:{}", name.unwrap_or_else(|| id.to_string()))
        }
        Entrant::Group(name) => format!("group:{name}"),
        Entrant::Admins => "admins".into(),
    })
}
