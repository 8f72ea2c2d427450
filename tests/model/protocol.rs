//! The protocol itself: what nodes, acts and whoever answers them can do next in each state, rightly or by a mistake.

const NODES: usize = 2;
const ACTS: usize = 2;
/// For how many ticks a lease is good, counted from before its beat.
const LEASE: u8 = 2;
/// For how many ticks an act waits for a node that does not report, counted from when the beat in its row was first seen, or from the commit if
/// that is shorter: longer than any lease.
const WAIT: u8 = LEASE + 1;
/// A node whose beat stood still for so many ticks loses its row.
const STRIKE_OFF_AFTER: u8 = LEASE;

/// What would be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Nodes answer whenever they have something in memory.
    NoLease,
    /// The lease counts from when the changes were applied.
    LeaseFromTheAnswer,
    /// Acts wait no longer than a lease that began a tick before their commit.
    WaitTooShort,
    /// The changes are read before the beat is in the database.
    FetchBeforeTheBeat,
    /// An act takes its number before its commit, so that a lower one may come later.
    NumbersFromASequence,
    /// Beats count although they are on one server only.
    AsynchronousBeats,
    /// A row is removed although its beat has moved on.
    StrikeOffWithoutALook,
    /// A node that joins reads what is there before it has its row.
    LoadBeforeTheRow,
    /// An act waits by the beats that were seen before its commit, as if there had been none since.
    NoLookAfterTheCommit,
    /// A beat counts as seen when the rows were asked for, though it may be younger than the question.
    SeenFromTheQuestion,
    /// The rows are looked at on a server that does not have the act.
    LookAtADeposedServer,
    /// A beat counts as the one that was seen on another server, which had one more.
    SeenOnAnotherServer,
}

/// What may happen besides beats and acts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct World {
    pub(crate) acts: usize,
    pub(crate) crashes: u8,
    pub(crate) failover: bool,
    pub(crate) strikes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Step {
    /// It has no row of which it knows.
    Down,
    /// It has a row, and nothing in memory.
    Joined,
    /// It has loaded, and has no row yet: a mistake.
    LoadedFirst,
    Resting,
    /// It has read the clock, so many ticks ago.
    Beating {
        age: u8,
    },
    /// Its beat is in the database.
    Beaten {
        age: u8,
    },
    /// It has fetched before its beat: a mistake.
    FetchedFirst {
        age: u8,
    },
    /// It has applied what it fetched.
    Applied {
        age: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Node {
    step: Step,
    /// The changes in its memory, one bit each.
    memory: u8,
    /// The number up to which it follows.
    follows: u8,
    /// For how many ticks its lease is still good.
    lease: u8,
    /// Whether it still speaks with the server that was deposed.
    with_old: bool,
}

/// A node's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    applied: Option<u8>,
    /// So many ticks ago, whoever answers has seen first the beat that it shows. `None`: it has not looked since that beat.
    seen: Option<u8>,
    /// That beat was lost with the deposed server, so the next one has its number.
    is_behind: bool,
    /// It is not on the deposed server, at which whoever answers looks.
    is_hidden: bool,
}

/// Whoever answers acts, commits them, and strikes nodes off: another node, which always follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Answerer {
    /// Whether it still looks at the rows of the server that was deposed. It commits on the other one.
    with_old: bool,
    /// It has asked for the rows, so many ticks ago: kept only for a mistake.
    asked: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    NotBegun,
    /// It took a number before its commit: a mistake.
    Numbered(u8),
    Committed {
        number: u8,
        /// For how many more ticks a node may answer that lacks it, as far as is known.
        left: u8,
    },
    Answered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The number of the act that was committed under each number; of a deposed server, only those up to `old_head`.
    numbers: [Option<u8>; ACTS],
    taken: u8,
    acts: [Act; ACTS],
    nodes: [Node; NODES],
    rows: [Option<Row>; NODES],
    answerer: Answerer,
    /// How many acts the deposed server has; `None`: there was no failover.
    old_head: Option<u8>,
    crashes: u8,
}

impl State {
    pub(crate) fn begin() -> Self {
        let node = Node { step: Step::Down, memory: 0, follows: 0, lease: 0, with_old: false };
        Self {
            numbers: [None; ACTS],
            taken: 0,
            acts: [Act::NotBegun; ACTS],
            nodes: [node; NODES],
            rows: [None; NODES],
            answerer: Answerer { with_old: false, asked: None },
            old_head: None,
            crashes: 0,
        }
    }

    /// The same, if it makes no difference which of the nodes is which.
    pub(crate) fn in_order(mut self) -> Self {
        if (self.nodes[0], self.rows[0]) > (self.nodes[1], self.rows[1]) {
            self.nodes.swap(0, 1);
            self.rows.swap(0, 1);
        }
        self
    }

    /// An act was answered, and a node still accepts what it ended.
    pub(crate) fn is_violation(&self, mistake: Option<Mistake>) -> bool {
        self.nodes.iter().any(|node| {
            let loaded = !matches!(node.step, Step::Down | Step::Joined);
            let may_answer = node.lease > 0 || (mistake == Some(Mistake::NoLease) && loaded);
            let lacks = |act: usize| self.acts[act] == Act::Answered && node.memory & (1 << act) == 0;
            may_answer && (0..ACTS).any(lacks)
        })
    }

    pub(crate) fn has_answered(&self) -> bool {
        self.acts.contains(&Act::Answered)
    }

    /// What the node's server shows it, by number.
    fn visible(&self, node: usize) -> impl Iterator<Item = (u8, u8)> + '_ {
        let head = if self.nodes[node].with_old { self.old_head.unwrap_or(0) } else { ACTS as u8 };
        let numbered = self.numbers.iter().enumerate().map(|(nth, act)| (nth as u8 + 1, *act));
        numbered.filter_map(move |(number, act)| Some((number, act?))).filter(move |(number, _)| *number <= head)
    }

    /// Ages beyond which nothing changes any more count as one, so there is an end of states though there is none of time.
    fn after_a_tick(&self) -> Self {
        let mut next = *self;
        for node in &mut next.nodes {
            node.lease = node.lease.saturating_sub(1);
            match &mut node.step {
                Step::Beating { age } | Step::Beaten { age } | Step::FetchedFirst { age } | Step::Applied { age } => {
                    *age = (*age + 1).min(LEASE);
                }
                Step::Down | Step::Joined | Step::LoadedFirst | Step::Resting => {}
            }
        }
        for act in &mut next.acts {
            if let Act::Committed { left, .. } = act {
                *left = left.saturating_sub(1);
            }
        }
        for seen in next.rows.iter_mut().flatten().filter_map(|row| row.seen.as_mut()) {
            *seen = (*seen + 1).min(WAIT);
        }
        next.answerer.asked = next.answerer.asked.map(|age| (age + 1).min(WAIT));
        next
    }

    fn fetch(&mut self, node: usize) {
        let new: Vec<_> = self.visible(node).filter(|(number, _)| *number > self.nodes[node].follows).collect();
        for (number, act) in new {
            self.nodes[node].memory |= 1 << act;
            self.nodes[node].follows = self.nodes[node].follows.max(number);
        }
    }

    /// Everything that can happen next.
    pub(crate) fn next(&self, world: World, mistake: Option<Mistake>) -> Vec<Self> {
        let mut all = vec![self.after_a_tick()];
        for act in 0..world.acts {
            self.go_on_with_act(act, mistake, &mut all);
        }
        for node in 0..NODES {
            self.go_on_with_node(node, mistake, &mut all);
            if self.crashes < world.crashes && self.nodes[node].step != Step::Down {
                let mut crashed = Self { crashes: self.crashes + 1, ..*self };
                let with_old = self.nodes[node].with_old;
                crashed.nodes[node] = Node { step: Step::Down, memory: 0, follows: 0, lease: 0, with_old };
                all.push(crashed);
            }
            // It can't be on a deposed server.
            if world.strikes && !self.answerer.with_old {
                self.strike_off(node, &mut all);
            }
            if self.nodes[node].with_old {
                // It notices, and finds the new server. What it was about to ask there is lost.
                let mut moved = *self;
                moved.nodes[node].with_old = false;
                // What was fetched before the beat stays so, on whichever server the beat is then: that is the mistake.
                let keeps = [Step::Down, Step::Joined, Step::LoadedFirst].contains(&moved.nodes[node].step)
                    || matches!(moved.nodes[node].step, Step::FetchedFirst { .. });
                if !keeps {
                    moved.nodes[node].step = Step::Resting;
                }
                all.push(moved);
            }
        }
        self.look(mistake, &mut all);
        if world.failover && self.old_head.is_none() {
            let head = self.numbers.iter().flatten().count() as u8;
            let mut promoted = Self { old_head: Some(head), ..*self };
            promoted.nodes.iter_mut().for_each(|node| node.with_old = true);
            promoted.answerer.with_old = true;
            all.push(promoted);
            // What was reported without waiting for the other server may be lost with this one. So may be beats that nobody waited for.
            for row in promoted.rows.iter_mut().flatten() {
                row.applied = None;
                row.is_behind = row.seen.is_some();
            }
            all.push(promoted);
        }
        all
    }

    fn go_on_with_act(&self, act: usize, mistake: Option<Mistake>, all: &mut Vec<Self>) {
        let mut next = *self;
        match self.acts[act] {
            Act::NotBegun if mistake == Some(Mistake::NumbersFromASequence) => {
                next.taken += 1;
                next.acts[act] = Act::Numbered(next.taken);
                all.push(next);
            }
            // One at a time, behind one row: the numbers are in the order of the commits. Nobody can commit on a deposed server.
            Act::NotBegun => {
                next.taken += 1;
                next.commit(act, next.taken, mistake);
                all.push(next);
            }
            Act::Numbered(number) => {
                next.commit(act, number, mistake);
                all.push(next);
            }
            Act::Committed { number, left } => {
                if left == 0 || self.rows.iter().flatten().all(|row| row.has(number)) {
                    next.acts[act] = Act::Answered;
                    all.push(next);
                }
            }
            Act::Answered => {}
        }
    }

    fn commit(&mut self, act: usize, number: u8, mistake: Option<Mistake>) {
        self.numbers[usize::from(number) - 1] = Some(act as u8);
        let left = match mistake {
            Some(Mistake::WaitTooShort) => LEASE - 1,
            Some(Mistake::NoLookAfterTheCommit) => self.left(number),
            _ => WAIT,
        };
        self.acts[act] = Act::Committed { number, left };
    }

    /// For how many more ticks a node may answer that lacks what has this number, by the beats that were seen.
    fn left(&self, number: u8) -> u8 {
        let lacking = self.rows.iter().flatten().filter(|row| !row.has(number) && !row.is_hidden);
        lacking.map(|row| WAIT - row.seen.unwrap_or(0)).max().unwrap_or(0)
    }

    /// Whoever answers looks at the rows. Its clock is read when it has them: each beat in them is older than that.
    fn look(&self, mistake: Option<Mistake>, all: &mut Vec<Self>) {
        let mut next = *self;
        let age = match (mistake, self.answerer.asked) {
            (Some(Mistake::SeenFromTheQuestion), None) => {
                next.answerer.asked = Some(0);
                all.push(next);
                return;
            }
            (_, asked) => asked.unwrap_or(0),
        };
        next.answerer.asked = None;
        for row in next.rows.iter_mut().flatten().filter(|row| !row.is_hidden) {
            row.seen = row.seen.filter(|_| !does_not_look(mistake)).or(Some(age));
        }
        // It looks where it follows, and only at acts that it follows itself.
        let head = if self.answerer.with_old { self.old_head.unwrap_or(0) } else { ACTS as u8 };
        let head = if mistake == Some(Mistake::LookAtADeposedServer) { ACTS as u8 } else { head };
        for act in 0..ACTS {
            if let Act::Committed { number, left } = self.acts[act]
                && number <= head
            {
                next.acts[act] = Act::Committed { number, left: left.min(next.left(number)) };
            }
        }
        all.push(next);
        if self.answerer.with_old {
            // It notices, and looks at the new server, where the numbers of beats may stand for others.
            let mut moved = *self;
            moved.answerer = Answerer { with_old: false, asked: None };
            for row in moved.rows.iter_mut().flatten() {
                row.is_hidden = false;
                if mistake != Some(Mistake::SeenOnAnotherServer) {
                    (row.seen, row.is_behind) = (None, false);
                }
            }
            all.push(moved);
        }
    }

    fn go_on_with_node(&self, node: usize, mistake: Option<Mistake>, all: &mut Vec<Self>) {
        let mut next = *self;
        let Node { step, with_old, .. } = self.nodes[node];
        // A commit on a deposed server waits for the other one, for ever.
        let can_commit = !with_old;
        match step {
            Step::Down if mistake == Some(Mistake::LoadBeforeTheRow) => {
                next.load(node);
                next.nodes[node].step = Step::LoadedFirst;
            }
            Step::Down if can_commit => {
                next.rows[node] = Some(Row { is_hidden: self.answerer.with_old, ..Row::default() });
                next.nodes[node].step = Step::Joined;
            }
            Step::LoadedFirst if can_commit => {
                let applied = Some(self.nodes[node].follows);
                next.rows[node] = Some(Row { applied, is_hidden: self.answerer.with_old, ..Row::default() });
                // Nobody thinks of looking again: it has loaded everything just now.
                next.nodes[node].step = Step::Applied { age: 0 };
            }
            Step::Joined => {
                next.load(node);
                next.nodes[node].step = Step::Resting;
            }
            Step::Resting => next.nodes[node].step = Step::Beating { age: 0 },
            Step::Beating { age } if mistake == Some(Mistake::FetchBeforeTheBeat) => {
                next.fetch(node);
                next.nodes[node].step = Step::FetchedFirst { age };
            }
            Step::Beating { age } => match next.beat(node, can_commit, mistake) {
                true => next.nodes[node].step = Step::Beaten { age },
                false => return,
            },
            Step::FetchedFirst { age } => match next.beat(node, can_commit, mistake) {
                true => next.nodes[node].step = Step::Applied { age },
                false => return,
            },
            Step::Beaten { age } => {
                next.fetch(node);
                next.nodes[node].step = Step::Applied { age };
            }
            Step::Applied { age } => {
                let age = if mistake == Some(Mistake::LeaseFromTheAnswer) { 0 } else { age };
                next.nodes[node].lease = LEASE - age;
                next.nodes[node].step = Step::Resting;
                if let (Some(row), false) = (&mut next.rows[node], with_old) {
                    row.applied = row.applied.max(Some(self.nodes[node].follows));
                }
            }
            Step::Down | Step::LoadedFirst => return,
        }
        all.push(next);
    }

    fn load(&mut self, node: usize) {
        self.nodes[node].memory = 0;
        self.nodes[node].follows = 0;
        self.fetch(node);
    }

    /// Whether the beat went through. Without a row the node has been struck off, and begins again.
    fn beat(&mut self, node: usize, can_commit: bool, mistake: Option<Mistake>) -> bool {
        if !can_commit {
            // On the deposed server alone.
            return mistake == Some(Mistake::AsynchronousBeats);
        }
        // Whoever looks at a deposed server does not see it, nor who makes the mistake not to look.
        let stays_seen =
            (self.answerer.with_old && mistake != Some(Mistake::SeenOnAnotherServer)) || does_not_look(mistake);
        match &mut self.rows[node] {
            Some(row) if row.is_behind => row.is_behind = false,
            Some(row) => row.seen = row.seen.filter(|_| stays_seen),
            None => {
                let lost = Node { step: Step::Down, memory: 0, follows: 0, ..self.nodes[node] };
                self.nodes[node] = lost;
                return false;
            }
        }
        true
    }

    /// The row is removed of a node whose beat has stood still.
    fn strike_off(&self, node: usize, all: &mut Vec<Self>) {
        if self.rows[node].and_then(|row| row.seen).is_some_and(|seen| seen >= STRIKE_OFF_AFTER) {
            let mut next = *self;
            next.rows[node] = None;
            all.push(next);
        }
    }
}

impl Row {
    fn has(&self, number: u8) -> bool {
        self.applied.is_some_and(|applied| applied >= number)
    }
}

/// Whether a beat that was seen counts although there may have been another since.
fn does_not_look(mistake: Option<Mistake>) -> bool {
    matches!(mistake, Some(Mistake::StrikeOffWithoutALook | Mistake::NoLookAfterTheCommit))
}
