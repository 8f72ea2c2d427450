//! `portero user`: adds, lists and changes users. Works beside a running server too, which enforces a change before the command
//! returns.

use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use url::Url;

use super::confirm::confirm;
use super::existing_user::{deleted, existing, why_taken};
use super::export::{To, export};
use super::factors;
use super::import::{self, Import};
use super::operator::operator;
use super::output::{Failure, address, address_column, base_of_links, base_url, moment, sessions, shell_word, warn};
use super::password_input;
use super::running_server::wait_for_server;
use crate::accounts::Accounts;
use crate::accounts::export::selection::Selection;
use crate::accounts::people::add::{Added, add_user};
use crate::accounts::people::details::{Change, Changes, Edited, edit};
use crate::accounts::people::links::{self, Invited, MadeLink};
use crate::accounts::people::rename::{Renamed, rename};
use crate::accounts::people::restore::{Restored, restore};
use crate::accounts::people::set_password::set_password;
use crate::accounts::people::state::{self, StateChange};
use crate::accounts::upkeep::skeletons;
use crate::clock::Clock;
use crate::config::{Config, Loaded};
use crate::domain::{DetailFault, DisplayName, Mail, Role, UnixTime, UserState, Username};
use crate::installation::Installation;
use crate::store::user_lists::UserFilter;
use crate::store::users::{self, User};
use crate::store::{groups, names, user_lists};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user
    Add {
        /// The username
        name: String,
        /// Make the user an admin
        #[arg(long)]
        admin: bool,
        /// The email address
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
        /// Read the password from standard input instead of the terminal
        #[arg(long)]
        password_stdin: bool,
    },
    /// Add a user and print a one-time link for them to choose a password
    Invite {
        /// The username
        name: String,
        /// Make the user an admin
        #[arg(long)]
        admin: bool,
        /// The email address; where Portero sends mail, the link goes there, too
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
    },
    /// Print a one-time link for a user to choose a new password; using it ends their sessions
    ResetLink {
        /// The username
        name: String,
    },
    /// Delete a user; this ends their sessions, and the name stays reserved
    Delete {
        /// The username
        name: String,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Rename a user; this ends their sessions, and nobody else can take the old name
    Rename {
        /// The username
        name: String,
        /// The new name
        new_name: String,
    },
    /// Note a user's display name or email address; an empty text removes it
    Details {
        /// The username
        name: String,
        /// What people call the user
        #[arg(long, value_name = "NAME", required_unless_present_any = ["mail", "mail_verified"])]
        display_name: Option<String>,
        /// The email address; no two users have the same one
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
        /// Whether the email address is known to be the user's
        #[arg(long, value_name = "true|false")]
        mail_verified: Option<bool>,
    },
    /// Restore a deleted user, without admin rights, and print a one-time link to choose a password
    Restore {
        /// The username
        name: String,
    },
    /// List all users
    List {
        /// List deleted users instead
        #[arg(long)]
        deleted: bool,
    },
    /// Write all users, by name, as CSV or JSON Lines; this is recorded in the audit log
    Export {
        /// Export deleted users instead
        #[arg(long)]
        deleted: bool,
        /// With the hashes of their passwords, for an import elsewhere; only into a file
        #[arg(long, requires = "output")]
        with_hashes: bool,
        #[command(flatten)]
        to: To,
    },
    /// Add the users of another system from a file, with the hashes of their passwords: all of them, or nobody
    Import(Import),
    /// Show one user
    Show {
        /// The username
        name: String,
    },
    /// Set a new password; this ends the user's sessions
    Passwd {
        /// The username
        name: String,
        /// Read the password from standard input instead of the terminal
        #[arg(long)]
        password_stdin: bool,
    },
    /// Block a user from signing in; this ends their sessions
    Disable {
        /// The username
        name: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The username
        name: String,
    },
    /// List a user's second factors
    Factors {
        /// The username
        name: String,
    },
    /// Take away a user's second factors, when they have lost them; this ends their sessions
    ResetFactors {
        /// The username
        name: String,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Change a user's role
    Role {
        /// The username
        name: String,
        /// The new role
        role: RoleName,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    User,
    Admin,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::User => Role::User,
            Self::Admin => Role::Admin,
        }
    }
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let config = Arc::new(loaded.config);
    let clock = Clock::default();
    let installation = match command {
        // These may be the very first commands, before there is an installation.
        Command::Add { .. } | Command::Invite { .. } | Command::Import(_) => Installation::open(&config, clock)?,
        Command::List { .. }
        | Command::Show { .. }
        | Command::Passwd { .. }
        | Command::Disable { .. }
        | Command::Enable { .. }
        | Command::ResetLink { .. }
        | Command::Delete { .. }
        | Command::Rename { .. }
        | Command::Details { .. }
        | Command::Restore { .. }
        | Command::Export { .. }
        | Command::Factors { .. }
        | Command::ResetFactors { .. }
        | Command::Role { .. } => Installation::open_existing(&config, clock)?,
    };
    let accounts = &installation.accounts;
    if matches!(command, Command::Add { .. } | Command::Invite { .. } | Command::Import(_) | Command::Rename { .. }) {
        // A new name is compared with what the others look like, and no server may have run since the update that stores it.
        skeletons::fill(accounts)?;
    }
    let done = match command {
        Command::List { deleted: false } => return list(accounts, base_url(&config)?.as_ref()),
        Command::List { deleted: true } => return list_deleted(accounts, base_url(&config)?.as_ref()),
        Command::Export { deleted, with_hashes, to } => {
            let filter = UserFilter { state: deleted.then_some(UserState::Deleted), ..UserFilter::default() };
            let selection = match with_hashes {
                false => Selection::Users(filter),
                true => Selection::UsersWithHashes(filter),
            };
            return export(accounts, selection, to);
        }
        Command::Import(arguments) => return import::run(&installation, &arguments),
        Command::Show { name } => return show(accounts, base_url(&config)?.as_ref(), &name),
        Command::Factors { name } => return factors::list(accounts, &name),
        Command::ResetFactors { name, yes } => factors::reset(&config, accounts, &name, yes)?,
        Command::Add { name, admin, mail, password_stdin } => {
            let (name, mail) = (Username::parse(&name)?, new_mail(mail)?);
            if let Some(taken) = accounts.db.read(|conn| names::taken(conn, &name, None))? {
                return Err(why_taken(&name, &taken).into());
            }
            let password = password_input::read(password_stdin, &name, config.password_rules())?;
            let role = if admin { Role::Admin } else { Role::User };
            match add_user(accounts, operator(), name.clone(), &password, role, mail).committed()? {
                Added::NameTaken(taken) => return Err(why_taken(&name, &taken).into()),
                Added::MailTaken(other) => return Err(format!("{other} has this email address").into()),
                Added::Added => format!("{name} was added as {}.{}", role.as_str(), hint_at_admins(accounts, &name)?),
            }
        }
        Command::Invite { name, admin, mail } => {
            let (name, mail) = (Username::parse(&name)?, new_mail(mail)?);
            let role = if admin { Role::Admin } else { Role::User };
            match links::invite(accounts, operator(), name.clone(), role, mail).committed()? {
                Invited::NameTaken(taken) => return Err(why_taken(&name, &taken).into()),
                Invited::MailTaken(other) => return Err(format!("{other} has this email address").into()),
                Invited::Invited { link, .. } => {
                    let hint = if admin { String::new() } else { hint_at_admins(accounts, &name)? };
                    format!("{}{hint}", handed_over(&config, &link)?)
                }
            }
        }
        Command::ResetLink { name } => {
            let user = existing(accounts, &name)?;
            match links::new_link(accounts, operator(), user.id).committed()? {
                Some(link) => handed_over(&config, &link)?,
                None => return Err(format!("{} is disabled; `portero user enable` first", user.username).into()),
            }
        }
        Command::Delete { name, yes } => {
            let user = existing(accounts, &name)?;
            if !yes {
                let open = accounts.db.read(|conn| user_lists::open_sessions(conn, user.id, accounts.now()))?;
                confirm(&format!("Delete {}? This ends {}.", user.username, sessions(usize::try_from(open)?)))?;
            }
            let name = user.username;
            match sessions_ended_by(
                state::delete_user(accounts, operator(), name.clone()).committed()?,
                &name,
                "is gone",
            )? {
                Some(ended) => format!("{name} is deleted; {} ended. The name stays taken.", sessions(ended)),
                None => format!("there is no user {name}."),
            }
        }
        Command::Rename { name, new_name } => {
            let (user, new_name) = (existing(accounts, &name)?, Username::parse(&new_name)?);
            match rename(accounts, operator(), user.id, new_name.clone()).committed()? {
                Renamed::Done { sessions_ended, .. } => {
                    let ended = sessions(sessions_ended);
                    format!("{} is called {new_name} now; {ended} ended. The old name stays theirs.", user.username)
                }
                Renamed::NoChange => format!("{new_name} is called so already."),
                Renamed::NoSuchUser => return Err(format!("there is no user {}", user.username).into()),
                Renamed::Taken(taken) => return Err(why_taken(&new_name, &taken).into()),
            }
        }
        Command::Details { name, display_name, mail, mail_verified } => {
            let user = existing(accounts, &name)?;
            let changes = Changes {
                display_name: detail("display name", display_name, DisplayName::parse)?,
                mail: detail("email address", mail, Mail::parse)?,
                mail_is_verified: mail_verified,
                ..Changes::default()
            };
            match edit(accounts, operator(), user.id, changes).committed()? {
                Edited::Done => format!("The details of {} are stored.", user.username),
                // Nothing was shown, so nothing can be out of date.
                Edited::NoChange | Edited::Outdated => format!("{} had these details already.", user.username),
                Edited::NoSuchUser => return Err(format!("there is no user {}", user.username).into()),
                Edited::NoMail => return Err(format!("{} has no email address", user.username).into()),
                Edited::MailTaken(other) => return Err(format!("{other} has this email address").into()),
            }
        }
        Command::Restore { name } => {
            let user = deleted(accounts, &name)?;
            match restore(accounts, operator(), user.id).committed()? {
                Restored::Restored(link) => format!("{} is back.\n{}", user.username, handed_over(&config, &link)?),
                Restored::NotDeleted | Restored::NoSuchUser => {
                    return Err(format!("{} is not deleted", user.username).into());
                }
            }
        }
        Command::Passwd { name, password_stdin } => {
            let name = existing(accounts, &name)?.username;
            let password = password_input::read(password_stdin, &name, config.password_rules())?;
            match set_password(accounts, operator(), name.clone(), &password).committed()? {
                None => return Err(format!("there is no user {name}").into()),
                Some(ended) => format!("{name} has a new password; {} ended.", sessions(ended)),
            }
        }
        Command::Disable { name } => {
            let name = existing(accounts, &name)?.username;
            match sessions_ended_by(
                state::disable(accounts, operator(), name.clone()).committed()?,
                &name,
                "is disabled",
            )? {
                Some(ended) => format!("{name} is disabled; {} ended.", sessions(ended)),
                None => format!("{name} was disabled already."),
            }
        }
        Command::Enable { name } => {
            let name = existing(accounts, &name)?.username;
            match sessions_ended_by(
                state::enable(accounts, operator(), name.clone()).committed()?,
                &name,
                "is enabled",
            )? {
                Some(_) => format!("{name} may sign in again."),
                None => format!("{name} was not disabled."),
            }
        }
        Command::Role { name, role } => {
            let (name, role) = (existing(accounts, &name)?.username, role.role());
            match sessions_ended_by(
                state::set_role(accounts, operator(), name.clone(), role).committed()?,
                &name,
                "has another role",
            )? {
                Some(_) => format!("{name} is {} now.", role.as_str()),
                None => format!("{name} was {} already.", role.as_str()),
            }
        }
    };
    wait_for_server(&installation)?;
    println!("{done}");
    Ok(())
}

/// The text that gives the operator a link to hand over.
fn handed_over(config: &Config, link: &MadeLink) -> Result<String, Failure> {
    let url = link.url(base_of_links(config)?.as_ref());
    Ok(format!("{url}\nGood once, until {}. Whoever has it chooses the password.", moment(Some(link.expires_at))))
}

/// How to make an admin, if there is none: any first user voids the link that would create one. Empty if there is one.
fn hint_at_admins(accounts: &Accounts, name: &Username) -> Result<String, Failure> {
    let admins = accounts.db.read(|conn| users::enabled_admins(conn, None))?;
    Ok(if admins == 0 {
        format!(
            " There is no admin yet, and the link to create one is void now: `portero user role {} admin` makes one.",
            shell_word(name)
        )
    } else {
        String::new()
    })
}

/// What becomes of a detail. `None`: the option was not given.
fn detail<T>(
    what: &str,
    text: Option<String>,
    parse: impl Fn(&str) -> Result<Option<T>, DetailFault>,
) -> Result<Change<T>, Failure> {
    let Some(text) = text else { return Ok(Change::Keep) };
    match parse(&text) {
        Ok(new) => Ok(Change::To(new)),
        Err(DetailFault::Length) => Err(format!("the {what} is too long").into()),
        Err(DetailFault::Form) => Err(format!("that is no {what}").into()),
    }
}

/// The address of a user who is to be added.
fn new_mail(text: Option<String>) -> Result<Option<Mail>, Failure> {
    match detail("email address", text, Mail::parse)? {
        Change::To(mail) => Ok(mail),
        Change::Keep => Ok(None),
    }
}

/// How many sessions the change ended. `None`: nothing had to be changed.
fn sessions_ended_by(change: StateChange, name: &Username, what: &str) -> Result<Option<usize>, Failure> {
    match change {
        StateChange::Done { sessions_ended, .. } => Ok(Some(sessions_ended)),
        StateChange::NoChange => Ok(None),
        StateChange::NoSuchUser => Err(format!("there is no user {name}").into()),
        StateChange::LastAdmin => {
            Err(format!("{name} is the last admin; nobody could let people in when {name} {what}").into())
        }
    }
}

/// The path of the page on which admins see a user.
fn page(user: &User) -> String {
    format!("/admin/users/{}", user.id)
}

fn show(accounts: &Accounts, base_url: Option<&Url>, name: &str) -> Result<(), Failure> {
    let user = existing(accounts, name)?;
    let open = accounts.db.read(|conn| user_lists::open_sessions(conn, user.id, accounts.now()))?;
    println!("name           {}", user.username);
    if let Some(display_name) = &user.display_name {
        println!("display name   {}", display_name.as_str());
    }
    if let Some(mail) = &user.mail {
        let verified = user
            .mail_verified_at
            .map_or_else(|| "not verified".to_owned(), |at| format!("verified {}", moment(Some(at))));
        println!("mail           {} ({verified})", mail.as_str());
    }
    println!("permanent id   {}", user.uid);
    println!("role           {}", user.role.as_str());
    println!("state          {}", state(&user, accounts.now()));
    println!("created        {}", moment(Some(user.created_at)));
    println!("last sign-in   {}", moment(user.last_login_at));
    println!("second factors {}", user.factors);
    for group in accounts.db.read(|conn| groups::names_of(conn, user.id))? {
        println!("group          {group}");
    }
    println!("open sessions  {open}");
    if let Some(address) = address(base_url, &page(&user)) {
        println!("page           {address}");
    }
    Ok(())
}

/// As the pages name it.
fn state(user: &User, now: UnixTime) -> &'static str {
    match user.state(now) {
        UserState::Enabled => "active",
        state @ (UserState::Invited | UserState::Disabled | UserState::Deleted) => state.as_str(),
    }
}

fn list(accounts: &Accounts, base_url: Option<&Url>) -> Result<(), Failure> {
    let users = accounts.db.read(users::all)?;
    let width = users.iter().map(|user| user.username.as_str().chars().count()).max().unwrap_or(0).max(4);
    let title = if base_url.is_some() { "  PAGE" } else { "" };
    println!("{:width$}  {:5}  {:8}  {:20}  {:20}{title}", "NAME", "ROLE", "STATE", "CREATED", "LAST SIGN-IN");
    for user in users {
        println!(
            "{:width$}  {:5}  {:8}  {:20}  {:20}{}",
            user.username.as_str(),
            user.role.as_str(),
            state(&user, accounts.now()),
            moment(Some(user.created_at)),
            moment(user.last_login_at),
            address_column(base_url, &page(&user)),
        );
    }
    Ok(())
}

fn list_deleted(accounts: &Accounts, base_url: Option<&Url>) -> Result<(), Failure> {
    let users = accounts.db.read(users::all_deleted)?;
    if users.is_empty() {
        println!("No user was deleted.");
        return Ok(());
    }
    let width = users.iter().map(|user| user.username.as_str().chars().count()).max().unwrap_or(0).max(4);
    let title = if base_url.is_some() { "  PAGE" } else { "" };
    println!("{:width$}  {:20}  {:20}{title}", "NAME", "CREATED", "DELETED");
    for user in users {
        println!(
            "{:width$}  {:20}  {:20}{}",
            user.username.as_str(),
            moment(Some(user.created_at)),
            moment(user.deleted_at),
            address_column(base_url, &page(&user))
        );
    }
    Ok(())
}
