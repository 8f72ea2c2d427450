//! The thread that follows what all nodes commit: it takes it into memory, reports how far it is, holds the lease, and strikes off who is
//! silent. How it is begun and told of this process's own commits is left to `node.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::changes::{self, Commit, Place, Since};
use super::claimed_jobs;
use super::committed::{CommitQueue, Committed};
use super::condition::Condition;
use super::connection::{Conn, Error};
use super::decided::Decided;
use super::dialect;
use super::follower::{Beside, Memory};
use super::node_clocks::Clocks;
use super::nodes::{self, Presented, differing};
use super::other_nodes::OtherNodes;
use super::receipt_commits;
use crate::blocklist::change::{Change, Decision};
use crate::blocklist::told::{self, Told};
use crate::blocklist::{Blocklist, Standing};
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;
use crate::lease::{Lease, since_boot};

/// How often it is looked whether another node has told of something.
const HEAR_EVERY: Duration = Duration::from_millis(2);
/// The same where the connection hears nothing: then it asks.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// How often it is asked who follows while acts wait for that, though nobody told of anything.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long a connection may take to hear of what it told itself.
const HEARS_WITHIN: Duration = Duration::from_secs(2);
/// After a failure, how long until the next try.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How often what has to be done when nothing else is to do is looked for.
const REST_EVERY: Duration = Duration::from_millis(100);
type AfterLoss = Box<dyn FnMut(&mut Conn, Vec<Decision>) -> Result<Box<dyn FnOnce()>, Error> + Send>;
type LookUp<T> = Box<dyn FnMut(&mut Conn) -> Result<T, Error> + Send>;

/// What this process does to be a node.
pub struct AsNode {
    pub presented: Presented,
    pub blocklist: Arc<Blocklist>,
    /// Reads all keys anew.
    pub read_keys: LookUp<()>,
    /// Looks up all apps, for memory.
    pub look_up_apps: LookUp<()>,
    /// Called with what another process has changed, after memory has it.
    pub changed_elsewhere: Box<dyn Fn(&Change) + Send>,
    /// Called after commits of a process that is no node: a command.
    pub commands_acted: Box<dyn FnMut(&mut Conn) + Send>,
    /// Called before memory is loaded anew because the database has lost commits, with what was decided in them. What it returns is called
    /// afterwards.
    pub commits_lost: AfterLoss,
}

pub(super) enum Message {
    Committed(Committed),
    /// The sender is dropped when the node has left.
    Leave(oneshot::Sender<()>),
}

/// What the thread has in common with the node.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) id: Uuid,
    pub(super) lease: Duration,
    pub(super) url: DatabaseUrl,
    pub(super) condition: Arc<Condition>,
    pub(super) beside: Arc<Beside>,
    /// Until when what one node does for all is this one's to do.
    pub(super) upkeep: Arc<Lease>,
}

/// The state of the thread.
pub(super) struct NodeThread {
    id: Uuid,
    lease: Duration,
    url: DatabaseUrl,
    condition: Arc<Condition>,
    beside: Arc<Beside>,
    upkeep: Arc<Lease>,
    /// Whether it had that when it asked last.
    has_upkeep: bool,
    memory: Memory,
    as_node: AsNode,
    conn: Option<Conn>,
    /// Whether this connection is told of what others commit. If not, it asks.
    hears: bool,
    /// Whether it has a row, as far as it knows.
    has_row: bool,
    /// Up to where memory follows. `None`: it has to be loaded.
    place: Option<Place>,
    /// The number that its row says.
    reported: Option<i64>,
    /// When the last beat began.
    last_beat: Option<Duration>,
    /// When it last asked who follows.
    last_asked: Duration,
    last_rest: Duration,
    /// When it last failed.
    tried: Option<Duration>,
    others: OtherNodes,
    own_commits: CommitQueue,
    /// What was decided lately.
    decided: Decided,
    clocks: Clocks,
    /// Whether the last try failed.
    is_cut_off: bool,
}

impl NodeThread {
    pub(super) fn new(given: Given, memory: Memory, as_node: AsNode) -> Self {
        let Given { id, lease, url, condition, beside, upkeep } = given;
        Self {
            id,
            lease,
            url,
            condition,
            beside,
            upkeep,
            has_upkeep: false,
            memory,
            as_node,
            conn: None,
            hears: false,
            has_row: false,
            place: None,
            reported: None,
            last_beat: None,
            last_asked: Duration::ZERO,
            last_rest: Duration::ZERO,
            tried: None,
            others: OtherNodes::default(),
            own_commits: CommitQueue::default(),
            decided: Decided::default(),
            clocks: Clocks::default(),
            is_cut_off: false,
        }
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>, begun: oneshot::Sender<Result<(), Error>>) {
        let first = self.refuse_other_settings().and_then(|()| self.go_on(true, false));
        let failed = first.is_err();
        drop(begun.send(first));
        if failed {
            return self.leave();
        }
        tracing::info!(event = "node_joined", node = self.as_node.presented.name, lease = self.lease.as_secs());
        loop {
            let tick = if self.hears { HEAR_EVERY } else { POLL_EVERY };
            let mut has_committed = false;
            let mut next = messages.recv_timeout(tick);
            while let Ok(Message::Committed(committed)) = next {
                self.own_commits.push(committed);
                has_committed = true;
                // Those that wait are followed together.
                next = messages.recv_timeout(Duration::ZERO);
            }
            match next {
                Ok(Message::Committed(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Leave(_dropped_when_done)) => return self.leave(),
                Err(RecvTimeoutError::Disconnected) => return self.leave(),
            }
            self.look_at_clocks();
            let now = since_boot();
            let beat_is_due = self.last_beat.is_none_or(|last| now.saturating_sub(last) >= self.lease / 5);
            let is_asked_for = !self.own_commits.is_empty() && now.saturating_sub(self.last_asked) >= ASK_EVERY;
            let may_try = self.tried.is_none_or(|at| now.saturating_sub(at) >= TRY_AGAIN_AFTER);
            let has_to_confirm = self.own_commits.to_confirm.is_some();
            if may_try && (has_committed || beat_is_due || is_asked_for || has_to_confirm || self.has_news()) {
                let outcome = self.go_on(beat_is_due, has_committed);
                self.note(outcome);
            }
            self.own_commits.let_go();
            if now.saturating_sub(self.last_rest) >= REST_EVERY {
                self.last_rest = now;
                (self.memory.rest)();
            }
        }
    }

    /// Whether somebody has told of something, or may have.
    fn has_news(&mut self) -> bool {
        match self.conn.as_mut() {
            Some(conn) if self.hears => dialect::has_heard(conn).unwrap_or(true),
            Some(_) => true,
            None => false,
        }
    }

    fn note(&mut self, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => {
                self.tried = None;
                if std::mem::replace(&mut self.is_cut_off, false) {
                    tracing::info!(event = "node_follows_again");
                }
            }
            Err(error) => {
                self.tried = Some(since_boot());
                if self.conn.take().is_some() {
                    self.condition.note_loss();
                }
                if !std::mem::replace(&mut self.is_cut_off, true) {
                    let error = chain(&error);
                    tracing::error!(event = "node_cut_off", error, "it answers for as long as its lease lasts");
                }
            }
        }
    }

    /// Does what there is to do. After an error, nobody knows how far that came, and everything can be done again.
    fn go_on(&mut self, beat_is_due: bool, has_committed: bool) -> Result<(), Error> {
        self.open()?;
        if has_committed {
            dialect::tell(self.conn()?)?;
        }
        if !self.has_row {
            let (id, presented, lease) = (self.id, self.as_node.presented.clone(), self.lease);
            nodes::join(self.conn()?, id, &presented, lease)?;
            (self.has_row, self.reported) = (true, None);
        }
        // Only after the row is there: all acts wait for whoever has one.
        let lacks_some = self.beside.take_lack();
        if lacks_some || (self.memory.has_gaps)() {
            self.place = None;
        }
        let has_to_load = self.place.is_none();
        if has_to_load {
            self.load()?;
        }
        if beat_is_due || has_to_load {
            self.beat()?;
        } else {
            self.follow()?;
        }
        if !self.has_row {
            // Struck off, it has not followed. It joins again at once.
            return Ok(());
        }
        self.report()?;
        self.let_go()?;
        self.confirm()?;
        if beat_is_due {
            self.strike_off()?;
        }
        Ok(())
    }

    fn conn(&mut self) -> Result<&mut Conn, Error> {
        self.conn.as_mut().ok_or(Error::NotTaken)
    }

    fn open(&mut self) -> Result<(), Error> {
        if self.conn.is_some() {
            return Ok(());
        }
        let connected = dialect::connect_lane(&self.url, &self.condition.watched);
        let mut conn = connected.map_err(|fault| Error::Reopen(chain(&fault.at(&self.url))))?;
        // For as long as this connection lives, nobody serves the database alone; before, somebody may.
        if dialect::lock_to_serve(&mut conn, None, true)?.is_none() {
            return Err(Error::Reopen("another server serves it alone".into()));
        }
        let hears = dialect::listen(&mut conn, HEARS_WITHIN)?;
        if !hears {
            tracing::warn!(event = "node_polls", "its connection hears of no NOTIFY, so acts take a little longer");
        }
        let mut others = OtherNodes::default();
        others.look(&mut conn, self.id)?;
        (self.hears, self.others) = (hears, others);
        self.conn = Some(conn);
        Ok(())
    }

    /// Refuses to be a node beside others that go by other settings.
    fn refuse_other_settings(&mut self) -> Result<(), Error> {
        self.open()?;
        let (id, presented, lease) = (self.id, self.as_node.presented.clone(), self.lease);
        // First the row, so that of two that come at the same time one sees the other.
        nodes::join(self.conn()?, id, &presented, lease)?;
        self.has_row = true;
        for other in nodes::all(self.conn()?)?.into_iter().filter(|other| other.id != id) {
            let differing = differing(&presented.settings, &other.settings);
            let is_there = other.silent_for <= other.longest_wait() * 2;
            if is_there && !differing.is_empty() {
                return Err(Error::OtherSettings { node: other.name, settings: differing.join(", ") });
            }
        }
        Ok(())
    }

    /// Loads memory. What is committed meanwhile is followed afterwards, and nothing is answered before that.
    fn load(&mut self) -> Result<(), Error> {
        self.as_node.blocklist.lease.give_up();
        let conn = self.conn.as_mut().ok_or(Error::NotTaken)?;
        let place = changes::newest(conn)?;
        self.beside.load(|| (self.memory.reload)(conn))?;
        self.place = Some(place);
        Ok(())
    }

    /// Shows that this node is there, follows, and holds the lease that this gives.
    fn beat(&mut self) -> Result<(), Error> {
        // Before anything is asked: what is committed later may not be in the answers.
        let begun = since_boot();
        self.last_beat = Some(begun);
        let id = self.id;
        let Some(database_clock) = nodes::beat(self.conn()?, id)? else {
            // Acts don't wait for this node any more. By now its lease is over.
            self.as_node.blocklist.lease.give_up();
            self.has_row = false;
            self.last_beat = None;
            tracing::warn!(event = "node_was_struck_off", "it was silent for too long, and joins again");
            return Ok(());
        };
        // By another statement, after the beat is in the database.
        self.follow()?;
        if self.clocks.agree_with(database_clock) {
            self.as_node.blocklist.lease.extend(begun + self.lease);
            self.claim_upkeep(begun)?;
        } else {
            self.as_node.blocklist.lease.give_up();
            // What is old depends on the clock.
            self.upkeep.give_up();
            self.has_upkeep = false;
        }
        Ok(())
    }

    /// Claims what one node does for all, or goes on doing it. `begun`: before the database was asked anything.
    fn claim_upkeep(&mut self, begun: Duration) -> Result<(), Error> {
        let (id, lease) = (self.id, self.lease);
        let had = self.has_upkeep;
        self.has_upkeep = claimed_jobs::claim(self.conn()?, claimed_jobs::UPKEEP, id, lease)?;
        if self.has_upkeep {
            self.upkeep.extend(begun + lease);
        } else {
            self.upkeep.give_up();
        }
        if self.has_upkeep && !had {
            tracing::info!(event = "upkeep_claimed", "this node does for all nodes what one is enough for");
        }
        Ok(())
    }

    /// A machine that stood still does not know for how long.
    fn look_at_clocks(&mut self) {
        if self.clocks.have_jumped() {
            self.as_node.blocklist.lease.give_up();
            self.last_beat = None;
            tracing::warn!(event = "node_clock_jumped", "it answers nothing until it has asked the database");
        }
    }

    /// Takes into memory what was committed since.
    fn follow(&mut self) -> Result<(), Error> {
        let mut command_acted = false;
        loop {
            let Some(place) = self.place else { return Err(Error::NotTaken) };
            match changes::since(self.conn()?, place)? {
                Since::Commits { commits, is_all } => {
                    let mut is_all = is_all;
                    for commit in commits {
                        command_acted |= commit.node != self.id && !self.others.has(commit.node);
                        if !self.take(&commit)? {
                            tracing::info!(event = "node_loads_anew", "it does not understand what another node tells");
                            self.load()?;
                            is_all = false;
                            break;
                        }
                        self.place = Some(Place::at(&commit));
                    }
                    if is_all {
                        break;
                    }
                }
                Since::Gap => {
                    tracing::info!(event = "node_loads_anew", "something was committed that nobody told of");
                    self.load()?;
                }
                Since::Elsewhere => self.load_after_loss()?,
            }
        }
        if command_acted {
            (self.as_node.commands_acted)(self.conn.as_mut().ok_or(Error::NotTaken)?);
        }
        Ok(())
    }

    /// Takes what one commit has changed. `false`: memory has to be loaded instead.
    fn take(&mut self, commit: &Commit) -> Result<bool, Error> {
        let blocklist = Arc::clone(&self.as_node.blocklist);
        let known = |subject: &str| -> Option<Arc<Standing>> { blocklist.standing(subject) };
        let Some(all) = told::read(&commit.words, known) else { return Ok(false) };
        let is_own = commit.node == self.id;
        for told in all {
            match told {
                Told::Change(change) => {
                    if let Change::Decided(decision) = &change {
                        self.decided.note(commit, decision.clone());
                    }
                    let elsewhere = (!is_own).then(|| change.clone());
                    let apply = &self.memory.apply;
                    if catch_unwind(AssertUnwindSafe(|| apply(change))).is_err() {
                        // Memory may be half changed; the panic itself is in the log.
                        return Ok(false);
                    }
                    if let Some(change) = elsewhere {
                        (self.as_node.changed_elsewhere)(&change);
                    }
                }
                Told::LookUpApps => (self.as_node.look_up_apps)(self.conn.as_mut().ok_or(Error::NotTaken)?)?,
                Told::ReadKeys => (self.as_node.read_keys)(self.conn.as_mut().ok_or(Error::NotTaken)?)?,
            }
        }
        Ok(true)
    }

    /// The database has lost commits that memory has: another server has taken over that did not have them.
    fn load_after_loss(&mut self) -> Result<(), Error> {
        tracing::error!(
            event = "commits_lost",
            "the database has lost what it had acknowledged: a failover was not synchronous"
        );
        self.as_node.blocklist.lease.give_up();
        let conn = self.conn.as_mut().ok_or(Error::NotTaken)?;
        let (lost, decided) = self.decided.lost(conn)?;
        let hand_in = (self.as_node.commits_lost)(conn, lost)?;
        self.load()?;
        self.decided = decided;
        hand_in();
        Ok(())
    }

    /// Tells the others how far this node follows. Whatever becomes of the row, that is so.
    fn report(&mut self) -> Result<(), Error> {
        let Some(number) = self.place.map(|place| place.number).filter(|_| self.has_row) else { return Ok(()) };
        if self.reported != Some(number) {
            let id = self.id;
            dialect::report(self.conn()?, id, number)?;
            self.reported = Some(number);
        }
        Ok(())
    }

    /// Answers whose change is in memory, and lets go whoever waited for all nodes.
    fn let_go(&mut self) -> Result<(), Error> {
        if self.own_commits.is_empty() {
            return Ok(());
        }
        let here = self.place.map_or(i64::MIN, |place| place.number);
        self.own_commits.answer(here);
        self.last_asked = since_boot();
        // After these commits, so whoever may still lack one of them has a row; and where this node has followed them just now.
        let (id, conn) = (self.id, self.conn.as_mut().ok_or(Error::NotTaken)?);
        self.others.look(conn, id)?;
        self.own_commits.wait_until(here, |number| self.others.may_lack_until(number));
        self.own_commits.let_go();
        Ok(())
    }

    /// Notes for receipts that no node accepts any more what was ended. After the answers: nobody waits for that.
    fn confirm(&mut self) -> Result<(), Error> {
        if let Some(number) = self.own_commits.to_confirm {
            receipt_commits::confirm(self.conn()?, number)?;
            self.own_commits.to_confirm = None;
        }
        Ok(())
    }

    /// Takes the rows away of nodes that are silent: acts would go on waiting for them.
    fn strike_off(&mut self) -> Result<(), Error> {
        let (id, conn) = (self.id, self.conn.as_mut().ok_or(Error::NotTaken)?);
        self.others.look(conn, id)?;
        self.others.strike_off(conn)?;
        // What commands have ended, and those who are gone.
        if self.has_upkeep
            && let Some(Some(number)) = nodes::followed_by_all(self.conn()?)?
        {
            receipt_commits::confirm(self.conn()?, number)?;
        }
        Ok(())
    }

    /// Answers nothing any more, and says so.
    fn leave(mut self) {
        self.as_node.blocklist.lease.give_up();
        // The others may not follow yet what those did who wait here.
        while !self.own_commits.is_empty() {
            if self.follow().and_then(|()| self.report()).and_then(|()| self.let_go()).is_err() {
                self.conn = None;
            }
            self.own_commits.let_go();
            std::thread::sleep(HEAR_EVERY);
        }
        (self.memory.rest)();
        self.upkeep.give_up();
        let id = self.id;
        let left = match self.conn.as_mut() {
            Some(conn) => claimed_jobs::release(conn, id)
                .and_then(|()| nodes::leave(conn, id))
                .and_then(|()| Ok(dialect::tell(conn)?)),
            None => Ok(()),
        };
        if let Err(error) = left {
            tracing::warn!(event = "node_did_not_leave", error = %chain(&error), "the others strike it off after a while");
        }
    }
}
