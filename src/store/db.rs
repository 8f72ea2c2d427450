//! The open database: everything is read through [`Db::read`] and changed through [`Db::write`].

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::Pool;

use super::audit::seal::Seal;
use super::changes;
use super::commit_counts::CommitCounts;
use super::condition::{self, Answer, Condition, Probe};
use super::connection::{Conn, Error, LOCK_TIMEOUT, OpenError};
use super::dialect::{self, connect, connect_reader, exists, migrate};
use super::follower::{Beside, Memory};
use super::instance;
use super::job::{Authority, Pending, Tx, Upkeep, job, job_beside};
use super::lanes::{Lane, Lanes};
use super::node::OwnNode;
use super::node_thread::AsNode;
use super::nodes;
use super::readers::{Readers, most_readers};
use super::sqlite_file::file_size;
use super::writer::Writer;
use crate::domain::{DatabaseUrl, UnixTime};
use crate::error_chain::chain;
use crate::lease::since_boot;

/// How long a start waits for the first connection that reads. After a failure the pool tries again after half of this at the latest.
const POOL_TIMEOUT: Duration = Duration::from_millis(800);
/// How long a read waits for a connection while the database is known to be gone.
const SHORT_WAIT: Duration = Duration::from_millis(50);

/// What several nodes on one database have to agree upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterRules {
    /// For how long a node may answer from memory without having asked the database.
    pub lease: Duration,
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Readers>,
    /// Dropped before the writer: what they can't do goes to its queue. `None`: the database takes one writer only.
    lanes: Option<Lanes>,
    writer: Writer,
    /// Dropped after the writer, which tells it what was committed.
    node: Option<OwnNode>,
    condition: Arc<Condition>,
    counts: Arc<CommitCounts>,
    url: Arc<DatabaseUrl>,
    seal: Option<Arc<Seal>>,
}

impl Db {
    /// Opens the database and migrates it to this version's tables. An SQLite file that is not there is made.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::open_with(url, None)
    }

    /// The same for one of several nodes, or a command beside them.
    pub fn open_in_cluster(url: &DatabaseUrl, rules: ClusterRules) -> Result<Self, OpenError> {
        Self::open_with(url, Some(rules))
    }

    fn open_with(url: &DatabaseUrl, cluster: Option<ClusterRules>) -> Result<Self, OpenError> {
        let condition = Arc::new(Condition::default());
        let mut conn = connect(url, &condition.watched).map_err(|fault| fault.at(url))?;
        migrate(&mut conn, url)?;
        if url.file().is_none() {
            // Not before: a migration may take longer than anything else.
            let weak = Arc::downgrade(&condition);
            condition.watched.start(move || weak.upgrade().is_none_or(|condition| condition.is_gone()))?;
        }
        let readers = Pool::builder()
            .max_size(most_readers(url))
            .min_idle(Some(1))
            .connection_timeout(POOL_TIMEOUT)
            .build(Readers::new(url.clone(), Arc::clone(&condition)))
            .map_err(|source| OpenError::Pool { database: url.clone(), source })?;
        let beside = Arc::new(Beside::default());
        let node = cluster.map(|ClusterRules { lease }| {
            OwnNode::new(lease, url.clone(), Arc::clone(&condition), Arc::clone(&beside))
        });
        let counts = Arc::<CommitCounts>::default();
        let (own_beside, own_counts) = (Arc::clone(&beside), Arc::clone(&counts));
        let writer = Writer::start(conn, url.clone(), Arc::clone(&condition), own_beside, node.clone(), own_counts)?;
        let lanes = match url {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(_) => {
                let (condition, counts) = (Arc::clone(&condition), Arc::clone(&counts));
                Some(Lanes::new(url.clone(), condition, beside, counts, writer.back_door()))
            }
        };
        Ok(Self { readers, lanes, writer, node, condition, counts, url: Arc::new(url.clone()), seal: None })
    }

    /// Whether there is a database that Portero has used, or, of SQLite, a file.
    pub fn exists(url: &DatabaseUrl) -> Result<bool, OpenError> {
        exists(url).map_err(|fault| fault.at(url))
    }

    /// The database with the keys of its audit log. Without them no event can be recorded.
    pub fn sealing(self, seal: Seal) -> Self {
        Self { seal: Some(Arc::new(seal)), ..self }
    }

    pub fn seal(&self) -> Option<&Arc<Seal>> {
        self.seal.as_ref()
    }

    /// What this process has committed.
    pub fn commit_counts(&self) -> &CommitCounts {
        &self.counts
    }

    /// How many reads can run at the same time.
    pub fn most_readers(&self) -> usize {
        self.readers.max_size() as usize
    }

    /// Runs `job` on a connection that can't change anything. Blocks.
    pub fn read<T, E: From<Error>>(&self, job: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        // Whoever asks is one of few threads.
        let patience = if self.condition.is_gone() { SHORT_WAIT } else { LOCK_TIMEOUT };
        let mut reader = self.readers.get_timeout(patience).map_err(Error::Pool)?;
        let outcome = job(reader.conn());
        if outcome.is_err() {
            reader.look_whether_lost();
        }
        outcome
    }

    /// A connection of its own that can't change anything, for whoever reads for long: those of [`read`](Self::read) stay free.
    pub fn connect_reader(&self) -> Result<Conn, Error> {
        connect_reader(&self.url, &self.condition.watched).map_err(|fault| Error::Reopen(chain(&fault.at(&self.url))))
    }

    /// Runs `work` in a transaction, all of it or nothing, if `authority` allows it at the moment `now`. It runs on the
    /// writer's thread, and to its end even if nobody waits for the outcome.
    pub fn write<A, T, E>(
        &self,
        authority: A,
        now: UnixTime,
        work: impl FnOnce(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        A: Authority<E>,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (job, pending) = self::job(authority, now, self.seal.clone(), work);
        self.writer.take(job);
        pending
    }

    /// The same for a job that changes nothing but the row of one session and what belongs to that. Where the database can do it, it
    /// runs beside the queue, so that acts and such jobs don't wait for each other, with that row locked; if it comes to what only the
    /// queue may do, it is taken back and runs there, once more from its beginning. Such jobs for one session keep their order.
    pub fn write_beside<A, T, E>(
        &self,
        lane: Lane,
        authority: A,
        now: UnixTime,
        work: impl Fn(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        A: Authority<E> + Clone,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (job, pending) = job_beside(authority, now, self.seal.clone(), work);
        match &self.lanes {
            Some(lanes) => lanes.take(lane, job),
            None => self.writer.take(job.for_the_queue()),
        }
        pending
    }

    /// Whether the database does its work, as far as is known. A probe that is due is made by [`look`](Self::look) and then
    /// [`write_probe`](Self::write_probe).
    pub fn condition(&self) -> Answer {
        self.condition.ask()
    }

    /// Why the database does not do its work, as far as is known. Begins no probe.
    pub fn trouble(&self) -> Option<String> {
        self.condition.trouble()
    }

    /// The first half of a probe: whether there is room on the disk and the file can be read. `None`: not, which is noted. Blocks.
    pub fn look(&self, probe: Probe) -> Option<Probe> {
        match condition::look(&self.url, &self.condition.watched) {
            Ok(()) => Some(probe),
            Err(error) => {
                probe.failed(&chain(&error));
                None
            }
        }
    }

    /// The second half: whether a change is stored. The outcome is noted even if nobody waits for it.
    pub fn write_probe(&self, probe: Probe, now: UnixTime) -> Pending<(), Error> {
        self.write(Upkeep, now, move |tx, _| match instance::note_probe(tx.conn, now) {
            Ok(()) => {
                tx.after_commit(move || probe.succeeded());
                Ok(())
            }
            Err(error) => {
                probe.failed(&chain(&error));
                Err(error)
            }
        })
    }

    /// Loads what is kept in memory, and from now on loads it again whenever another process has changed the database, when it is
    /// unknown whether a commit of this one got through, or when memory has gaps ([`Memory::has_gaps`]). A load runs on the
    /// writer's thread between transactions, so this process changes nothing meanwhile. Blocks until the first load is done.
    pub fn follow_changes(&self, memory: Memory) -> Result<(), Error> {
        self.writer.follow_changes(memory)
    }

    /// The same for one of several nodes: from now on this process is one of them, until the database is closed. Memory follows what all
    /// of them commit, and answers for as long as the blocklist's lease lasts.
    pub fn follow_in_cluster(&self, memory: Memory, as_node: AsNode) -> Result<(), Error> {
        self.node.as_ref().ok_or(Error::NotTaken)?.follow(memory, as_node)
    }

    /// Whether what one of several nodes is enough for is this one's to do: it has claimed that, and the claim has not run out.
    pub fn does_upkeep(&self) -> bool {
        self.node.as_ref().is_none_or(OwnNode::does_upkeep)
    }

    /// Takes the rows of nodes away that can hold no lease any more. `false`: others are there. For whoever serves the database alone, and
    /// so keeps nodes from joining. Blocks.
    pub fn strike_off_silent_nodes(&self, now: UnixTime) -> Result<bool, Error> {
        if self.url.file().is_some() {
            return Ok(true);
        }
        let all = self.read(nodes::all)?;
        // A second more, because beats are noted in whole seconds.
        let may_answer = |node: &nodes::Node| node.silent_for <= node.longest_wait() + Duration::from_secs(1);
        if all.is_empty() || all.iter().any(may_answer) {
            return Ok(all.is_empty());
        }
        let struck_off = self.write(Upkeep, now, move |tx, _| {
            for node in &all {
                nodes::strike_off(tx.conn, node.id, node.beat)?;
            }
            Ok::<_, Error>(())
        });
        struck_off.committed()?;
        Ok(self.read(nodes::all)?.is_empty())
    }

    /// Waits until what was committed so far is enforced on every node. `false`: there is none. Blocks, for as long as a lease at most.
    pub fn wait_for_nodes(&self) -> Result<bool, Error> {
        if self.url.file().is_some() {
            return Ok(false);
        }
        let (number, all) = self.read(|conn| Ok::<_, Error>((changes::newest(conn)?.number, nodes::all(conn)?)))?;
        let Some(longest) = all.iter().map(nodes::Node::longest_wait).max() else { return Ok(false) };
        let begin = since_boot();
        // Asked anew each time: one that joins meanwhile has a row before it loads anything.
        while self.read(nodes::followed_by_all)?.is_some_and(|followed| followed < Some(number)) {
            if since_boot().saturating_sub(begin) > longest {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(true)
    }

    /// The size of the database in bytes, of SQLite with what waits in its journal. `None`: that can't be found out. Blocks.
    pub fn size(&self) -> Option<u64> {
        match self.url.file() {
            Some(file) => file_size(file),
            None => self.read(|conn| Ok::<_, Error>(dialect::size(conn)?)).ok().flatten(),
        }
    }

    /// Makes this process the one that serves the database, for as long as it has it open. `false`: another one does. (On SQLite,
    /// nothing is done here: the file has a lock beside it.) Blocks.
    pub fn serve(&self) -> Result<bool, Error> {
        self.writer.serve()
    }

    /// Whether a server is known to the database. SQLite knows of none.
    pub fn is_served(&self) -> Result<bool, Error> {
        self.read(|conn| Ok(dialect::is_served(conn)?))
    }

    /// Ends writing, after the jobs that wait, and leaves the database's file whole without the ones beside it. The last clone does
    /// this when it is dropped. Blocks.
    pub fn close(&self) {
        if let Some(lanes) = &self.lanes {
            lanes.close();
        }
        self.writer.close();
        if let Some(node) = &self.node {
            node.leave();
        }
    }
}
