//! The audit log. Events are appended and never changed; triggers refuse it, and [`verify`](super::verify) finds it out.

use serde_json::{Map, Value, json};

use super::chain;
use super::head::Head;
use super::seal::Row;
use crate::domain::{
    By, FactorKind, GroupName, Reason, Role, SessionId, Transport, UnixTime, UserId, Username, spelled,
};
use crate::store::connection::Error;
use crate::store::job::Tx;
use crate::store::links::Purpose;
use crate::store::outbox::Kind;

/// What happened. The log's event for the same act, if there is one, has the name that is stored here, except that `refresh_reused`
/// is logged as `session_ended`, an invitation (`user_added` and `link_made`) as `user_invited`, the first admin (`user_added`) as
/// `set_up`, a password chosen by a link (`password_changed`) as `link_used`, and that a user was restored (`user_restored` and
/// `link_made`) as `user_restored`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    SignedIn,
    SignInFailed,
    Confirmed,
    ConfirmFailed,
    /// The password was right, and the second factor wrong.
    SecondFactorFailed,
    FactorAdded,
    FactorRemoved,
    /// An admin or the operator took all of a user's factors away.
    FactorsReset,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    /// A browser stands in for the second factor from now on.
    BrowserTrusted,
    /// One or all of a user's stand in for it no longer.
    BrowserForgotten,
    /// A passkey was shown with a count that had gone back, as that of a copy does.
    PasskeyCountWentBack,
    FactorRenamed,
    PasswordChanged,
    /// Somebody said by a mail that something was not them: everything of theirs ended.
    Reported,
    SessionRecovered,
    SessionEnded,
    TokenRevoked,
    RefreshReused,
    UserAdded,
    /// Users were added from a file, each of whom has an event of their own.
    UsersImported,
    UserDisabled,
    UserEnabled,
    RoleChanged,
    LinkMade,
    UserDeleted,
    UserRestored,
    UserRenamed,
    DetailsChanged,
    DisableScheduled,
    GroupAdded,
    GroupRemoved,
    GroupMemberAdded,
    GroupMemberRemoved,
    KeyAdded,
    KeyRotated,
    KeyRetired,
    /// Keys were sealed under a master key.
    KeysSealed,
    AppAdded,
    /// How an app is set up.
    AppChanged,
    AppSecretMade,
    AppRemoved,
    /// An admin tried out whether an app can be told of sign-outs.
    SignOutTested,
    /// The operator tried out whether an app refuses a session that has ended.
    AppDrilled,
    BackupMade,
    /// Somebody took a list with them, as a file.
    Exported,
    Restored,
    /// The database was moved to a server.
    DatabaseMoved,
    /// The log did not fit the file beside the database when Portero started, or lacked what this process had recorded: it was cut off or
    /// exchanged, or the file is gone.
    AuditDidNotFit,
    /// Events from before there were seals were sealed, as the first start of this version does.
    AuditSealed,
}

spelled!(What {
    SignedIn = "signed_in",
    SignInFailed = "sign_in_failed",
    Confirmed = "confirmed",
    ConfirmFailed = "confirm_failed",
    SecondFactorFailed = "second_factor_failed",
    FactorAdded = "factor_added",
    FactorRemoved = "factor_removed",
    FactorsReset = "factors_reset",
    RecoveryCodesMade = "recovery_codes_made",
    RecoveryCodeUsed = "recovery_code_used",
    BrowserTrusted = "browser_trusted",
    BrowserForgotten = "browser_forgotten",
    PasskeyCountWentBack = "passkey_count_went_back",
    FactorRenamed = "factor_renamed",
    PasswordChanged = "password_changed",
    Reported = "reported_by_mail",
    SessionRecovered = "session_recovered",
    SessionEnded = "session_ended",
    TokenRevoked = "token_revoked",
    RefreshReused = "refresh_reused",
    UserAdded = "user_added",
    UsersImported = "users_imported",
    UserDisabled = "user_disabled",
    UserEnabled = "user_enabled",
    RoleChanged = "role_changed",
    LinkMade = "link_made",
    UserDeleted = "user_deleted",
    UserRestored = "user_restored",
    UserRenamed = "user_renamed",
    DetailsChanged = "details_changed",
    DisableScheduled = "disable_scheduled",
    GroupAdded = "group_added",
    GroupRemoved = "group_removed",
    GroupMemberAdded = "group_member_added",
    GroupMemberRemoved = "group_member_removed",
    KeyAdded = "key_added",
    KeyRotated = "key_rotated",
    KeyRetired = "key_retired",
    KeysSealed = "keys_sealed",
    AppAdded = "client_added",
    AppChanged = "app_changed",
    AppSecretMade = "app_secret_made",
    AppRemoved = "client_removed",
    SignOutTested = "sign_out_tested",
    AppDrilled = "app_drilled",
    BackupMade = "backup_made",
    Exported = "exported",
    Restored = "restored",
    DatabaseMoved = "database_moved",
    AuditDidNotFit = "audit_did_not_fit",
    AuditSealed = "audit_sealed",
});

/// What an event says besides who, where and in which session; stored as a JSON object.
#[derive(Clone, Debug)]
pub enum Details {
    None,
    SignIn(Transport),
    /// Its kind and what the person calls it.
    Factor {
        kind: FactorKind,
        name: String,
    },
    /// How many there were.
    Factors(i64),
    Role(Role),
    Link(Purpose),
    /// What the mail was about.
    Mail(Kind),
    Renamed {
        from: Username,
        to: Username,
    },
    /// Which of a user's details changed, but not what to.
    Fields(Vec<&'static str>),
    /// From when on the user is disabled; `None`: the date was taken back.
    DisableAt(Option<UnixTime>),
    Ended {
        reason: Reason,
        sessions: usize,
        receipt: String,
    },
    Revoked(Reason),
    /// How many users.
    Imported(usize),
    App(String),
    Group(GroupName),
    Key(String),
    /// When the backup was made.
    Backup(UnixTime),
    /// Which list, in which format, and the filters by their names.
    Exported {
        list: &'static str,
        format: &'static str,
        filters: Map<String, Value>,
    },
    /// The newest event that the file beside the database names, if there is one, and the newest that there was.
    DidNotFit {
        expected: Option<i64>,
        found: i64,
    },
    /// The number of the last event that was sealed afterwards.
    Sealed {
        events: i64,
    },
}

impl Details {
    fn members(self) -> Map<String, Value> {
        let object = match self {
            Self::None => Value::Null,
            Self::Factor { kind, name } => json!({ "kind": kind, "name": name }),
            Self::Factors(count) => json!({ "factors": count }),
            Self::SignIn(transport) => json!({ "transport": transport }),
            Self::Role(role) => json!({ "role": role }),
            Self::Renamed { from, to } => json!({ "from": from, "to": to }),
            Self::Fields(fields) => json!({ "fields": fields }),
            Self::Mail(kind) => json!({ "mail": kind }),
            Self::Link(purpose) => json!({ "purpose": purpose }),
            Self::DisableAt(date) => json!({ "disable_at": date }),
            Self::Ended { reason, sessions, receipt } => {
                json!({ "reason": reason, "sessions": sessions, "receipt": receipt })
            }
            Self::Revoked(reason) => json!({ "reason": reason }),
            Self::Imported(users) => json!({ "users": users }),
            Self::App(name) => json!({ "app": name }),
            Self::Group(name) => json!({ "group": name }),
            Self::Key(kid) => json!({ "kid": kid }),
            Self::Backup(made_at) => json!({ "made_at": made_at }),
            Self::Exported { list, format, filters } => json!({ "list": list, "format": format, "filters": filters }),
            Self::Sealed { events } => json!({ "events": events }),
            Self::DidNotFit { expected, found } => json!({ "expected": expected, "found": found }),
        };
        match object {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

/// An event that is not recorded yet.
#[derive(Clone, Debug)]
#[must_use = "an event counts once it is recorded"]
pub struct Event {
    what: What,
    by: By,
    user: Option<UserId>,
    sid: Option<SessionId>,
    ip: Option<String>,
    details: Details,
}

impl Event {
    pub fn new(what: What, by: &By) -> Self {
        Self { what, by: by.clone(), user: None, sid: None, ip: None, details: Details::None }
    }

    /// The user it happened to.
    pub fn user(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The session it happened in.
    pub fn session(self, sid: SessionId) -> Self {
        Self { sid: Some(sid), ..self }
    }

    /// The address it was done from, if it is not the one that the transaction knows ([`Tx::from`]).
    pub fn ip(self, ip: &str) -> Self {
        Self { ip: Some(ip.to_owned()), ..self }
    }

    pub fn details(self, details: Details) -> Self {
        Self { details, ..self }
    }

    /// Appends the event to the log, dated with the transaction's `now`.
    pub fn record(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.needs_the_queue()?;
        let before = match tx.log_end.remembered(tx.conn)? {
            Some(newest) => newest,
            None => Self::look(tx)?,
        };
        self.append(tx, &before).map(drop)
    }

    /// Looks up the event that the next one follows.
    fn look(tx: &mut Tx<'_>) -> Result<Head, Error> {
        let end = chain::end(tx.conn)?;
        let last = end.to_follow(tx.conn)?;
        // The file beside the database will name the next event, and would then say nothing of what is gone.
        match chain::fell_behind(tx, &end)? {
            Some((expected, found)) => {
                let details = Details::DidNotFit { expected: Some(expected), found };
                Self::new(What::AuditDidNotFit, &By::Portero).details(details).append(tx, &last)
            }
            None => Ok(last),
        }
    }

    fn append(self, tx: &mut Tx<'_>, before: &Head) -> Result<Head, Error> {
        let mut details = self.details.members();
        match &self.by {
            By::Operator(system_user) => drop(details.insert("operator".into(), system_user.as_str().into())),
            By::App(id) => drop(details.insert("client_id".into(), id.as_str().into())),
            By::User(_) | By::Portero => {}
        }
        let details = (!details.is_empty()).then(|| Value::Object(details).to_string());
        let row = Row {
            n: 0,
            at: tx.now.0,
            what: self.what.as_str().to_owned(),
            user_id: self.user.map(|user| user.0),
            by_user: self.by.user().map(|user| user.0),
            sid: self.sid.map(|sid| sid.to_string()),
            ip: self.ip.or_else(|| tx.from.clone()),
            ip_hash: None,
            details,
        };
        let head = chain::append(tx, before, row)?;
        tx.recorded(self.what.as_str());
        Ok(head)
    }
}
