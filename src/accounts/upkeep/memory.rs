//! What memory holds of the database: the blocklist and the users with open sessions.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::quality::RandomState;

use super::prune::MARGIN;
use crate::accounts::context::{Accounts, Pending};
use crate::blocklist::change::Change;
use crate::blocklist::gate::Apps;
use crate::blocklist::{BlockedToken, Contents, Standing};
use crate::config::Subject;
use crate::domain::{GroupName, Groups, PASS_LIFE, UnixTime, UserId, Username};
use crate::store::table_parts::Keys;
use crate::store::{
    self, Conn, Upkeep, apps, groups, instance, mass_ends, passes, sessions, status_lists, table_parts,
    token_blocklist, user_basics, users,
};

/// How many parts of tables are read at the same time, at most: more than this a disk hardly serves.
const MOST_AT_ONCE: usize = 4;

/// What one thread reads at a time.
enum Part {
    Users(Keys),
    Tokens(Keys),
    EndedSessions(Keys),
    Passes(Keys),
}

/// Loads everything. The writer's thread waits for it, so that this process changes nothing meanwhile. What another commits between two
/// parts is loaded by the next look, as after any load.
pub fn load(accounts: &Accounts, conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    let since = now.plus(-(accounts.engine.options().decode_leeway + MARGIN));
    let passes_at_most = passes::count(conn)?;
    let contents = Contents::with_room(user_basics::count(conn)?, passes_at_most);
    // Before those whose rows say so: what is marked meanwhile is among these.
    for act in mass_ends::all(conn)? {
        let mut ended = Vec::new();
        act.each_unmarked(conn, |sid, until| ended.push((sid, until)))?;
        contents.ended_sessions(&ended);
    }
    let mut parts: Vec<_> = table_parts::users(conn)?.into_iter().map(Part::Users).collect();
    parts.extend(table_parts::tokens(conn)?.into_iter().map(Part::Tokens));
    // When a pass is made, its session outlives it. A renewal under new settings can bring the session's end nearer, but not into the past;
    // so a pass outlives its session by less than a pass can live.
    let ended_since = if passes_at_most > 0 { since.min(now.plus(-PASS_LIFE)) } else { since };
    parts.extend(table_parts::ended_sessions(conn, ended_since)?.into_iter().map(Part::EndedSessions));
    let passes: Vec<_> = passes::parts(conn)?.into_iter().map(Part::Passes).collect();
    accounts.first_load.begins(parts.len() + passes.len());
    let holders = (passes_at_most > 0).then(papaya::HashMap::default);
    let loading = Loading { accounts, since, now, contents, holders, next: AtomicUsize::new(0), parts };
    loading.run(conn)?;
    // After the users, whose standings they need.
    let loading = Loading { next: AtomicUsize::new(0), parts: passes, ..loading };
    loading.run(conn)?;
    let contents = loading.contents;
    // After the ended sessions, so that the lists know of each that is refused.
    load_status_lists(conn, &contents)?;
    let apps = apps::all(conn)?;
    accounts.want_app_keys(&apps);
    contents.apps(apps);
    load_groups(conn, &contents)?;
    sessions::each_unseen(conn, |sid, generation| contents.expected_first_use(sid, generation))?;
    accounts.restored.store(instance::restored(conn)?.0, Ordering::Relaxed);
    accounts.blocklist.load(contents);
    accounts.complete_since.store(since.0, Ordering::Relaxed);
    Ok(())
}

fn load_status_lists(conn: &mut Conn, contents: &Contents) -> Result<(), store::Error> {
    for list in status_lists::all(conn)? {
        contents.status_list(list);
    }
    let mut ended = Vec::new();
    // Before those whose rows say so, as above.
    for act in mass_ends::all(conn)? {
        act.each_unmarked_place(conn, |place| ended.push(place))?;
    }
    status_lists::each_ended(conn, |place| ended.push(place))?;
    contents.ended_statuses(&ended);
    Ok(())
}

/// Looks up the apps that there are now.
pub fn apps(accounts: &Accounts, conn: &mut Conn) -> Result<Arc<Apps>, store::Error> {
    let apps = apps::all(conn)?;
    accounts.want_app_keys(&apps);
    Ok(Arc::new(Apps::new(apps)))
}

fn load_groups(conn: &mut Conn, contents: &Contents) -> Result<(), store::Error> {
    // Many people are in the same groups, which are kept once.
    let mut known: HashMap<Vec<GroupName>, Groups> = HashMap::new();
    let mut keep = |user: UserId, names: Vec<GroupName>| {
        let groups = known.entry(names).or_insert_with_key(|names| names.as_slice().into());
        contents.groups(user, Arc::clone(groups));
    };
    let mut of_one: Option<(UserId, Vec<GroupName>)> = None;
    groups::each_membership(conn, |user, name| match &mut of_one {
        Some((same, names)) if *same == user => names.push(name),
        other => {
            if let Some((user, names)) = other.replace((user, vec![name])) {
                keep(user, names);
            }
        }
    })?;
    if let Some((user, names)) = of_one {
        keep(user, names);
    }
    Ok(())
}

/// A load under way, in parts that several threads take in turn.
struct Loading<'a> {
    accounts: &'a Accounts,
    /// What expired before this can't be shown any more.
    since: UnixTime,
    now: UnixTime,
    contents: Contents,
    /// Who may hold passes; `None`: there are none.
    holders: Option<papaya::HashMap<UserId, Arc<Standing>, RandomState>>,
    parts: Vec<Part>,
    /// The index of the part that nobody has taken yet.
    next: AtomicUsize,
}

impl Loading<'_> {
    fn run(&self, conn: &mut Conn) -> Result<(), store::Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        // This thread reads too. Where no table has a second part, it is done before another would have begun.
        let helpers = if self.parts.len() > 3 { cores.min(MOST_AT_ONCE) - 1 } else { 0 };
        std::thread::scope(|scope| {
            let failed = |error: std::io::Error| store::Error::NotFollowed(error.to_string());
            let help = || self.read_parts(&mut self.accounts.db.connect_reader()?);
            let helpers: Result<Vec<_>, _> = (0..helpers)
                .map(|_| std::thread::Builder::new().name("loader".into()).spawn_scoped(scope, help).map_err(failed))
                .collect();
            let read = self.read_parts(conn);
            for helper in helpers? {
                helper.join().map_err(|_| store::Error::Panicked)??;
            }
            read
        })
    }

    /// Reads parts until none is left.
    fn read_parts(&self, conn: &mut Conn) -> Result<(), store::Error> {
        while let Some(part) = self.parts.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.accounts.first_load.is_given_up() {
                return Err(store::Error::NotFollowed("the server is being stopped".into()));
            }
            let rows = self.read(part, conn)?;
            self.accounts.first_load.has_read_part(rows);
        }
        Ok(())
    }

    /// Reads one part. Returns of how many rows something is kept.
    fn read(&self, part: &Part, conn: &mut Conn) -> Result<usize, store::Error> {
        match part {
            Part::Users(ids) => {
                let mut count = 0;
                let holders = self.holders.as_ref().map(papaya::HashMap::pin);
                user_basics::each_with_session(conn, ids, |user| {
                    count += 1;
                    let id = user.id;
                    let standing = self.contents.user(self.accounts.standing_from(user));
                    if let Some(holders) = &holders {
                        holders.insert(id, standing);
                    }
                })?;
                Ok(count)
            }
            Part::Tokens(numbers) => {
                let mut tokens = Vec::new();
                token_blocklist::each_in_force(conn, numbers, self.since, |jti, reason, until| {
                    tokens.push(BlockedToken::new(jti, until, reason.is_trap()));
                })?;
                self.contents.tokens(&tokens);
                Ok(tokens.len())
            }
            Part::EndedSessions(expiring) => {
                let mut ended = Vec::new();
                sessions::each_ended(conn, expiring, |sid, until| ended.push((sid, until)))?;
                self.contents.ended_sessions(&ended);
                Ok(ended.len())
            }
            Part::Passes(ids) => {
                let mut count = 0;
                let Some(holders) = self.holders.as_ref().map(papaya::HashMap::pin) else { return Ok(0) };
                passes::each(conn, ids, self.now, |pass| {
                    // Whoever has no standing is shut out. A pass of a session that has ended opens nothing: the session is refused.
                    if let Some(user) = holders.get(&pass.user) {
                        count += 1;
                        self.contents.pass(pass.key, pass.in_memory(Arc::clone(user)));
                    }
                })?;
                Ok(count)
            }
        }
    }
}

/// Whether the clock was set back so far that tokens could be shown again which memory has let go of, or never loaded.
pub fn has_gaps(accounts: &Accounts, now: UnixTime) -> bool {
    now.plus(-accounts.engine.options().decode_leeway).0 < accounts.complete_since.load(Ordering::Relaxed)
}

/// Looks up the user of a peer's token and keeps what its checks need. `None`: there is no such user, or they are disabled.
pub fn remember_user(accounts: &Arc<Accounts>, subject: String) -> Pending<Option<Standing>> {
    // On the writer's thread, so that it can't bring back what a change under way has just removed.
    accounts.write(Upkeep, move |tx, accounts, _| {
        let Ok(name) = Username::parse(&subject) else { return Ok(None) };
        let found = match accounts.config.subject {
            Subject::Username => users::find_by_name(tx.conn, &name)?,
            Subject::Id => match subject.parse() {
                Ok(id) => users::find(tx.conn, UserId(id))?,
                Err(_) => None,
            },
        };
        let standing = found.filter(|user| !user.is_shut_out(tx.now)).map(|user| accounts.standing(&user));
        // One spelling only, or a peer could fill the memory with variants of a name.
        let standing = standing.filter(|standing| standing.subject() == subject);
        if let Some(standing) = standing.clone() {
            tx.change(Change::UserPresent(standing));
        }
        Ok(standing)
    })
}
