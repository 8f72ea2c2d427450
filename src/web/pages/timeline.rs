//! A session's story as a picture: a lane for each browser or program at each address, a mark for each step, numbered as in the table
//! beneath, and an axis with the times. Steps stand at equal distances, whatever time lies between them; a long time without a step is
//! drawn as a gap that says how long. A story that is wider than a sheet of paper goes on in a further strip. Positions are worked
//! out here; `templates/story.html` draws them.

use crate::domain::{StepKind, UnixTime};
use crate::store::steps::Step;

// In pixels: from step to step, the room of a gap, from lane to lane, from a lane's upper edge to its name and to its marks, the room
// for the axis, around the picture, the widest strip, and the widest that a phone shows whole.
const STEP: usize = 64;
const GAP: usize = 72;
const LANE: usize = 64;
const NAME: usize = 16;
const MARKS: usize = 40;
const AXIS: usize = 52;
const MARGIN: usize = 40;
const WIDEST: usize = 920;
const SHORT: usize = 440;
/// The most steps that are drawn; the newest are.
const MAX_STEPS: usize = 40;
/// About the width of a letter of a lane's name: a short story is as wide as its names.
const LETTER: usize = 7;
/// Seconds without a step that are drawn as a gap: longer than an access token of a session in use goes without a renewal.
const LONG: i64 = 60 * 60;

/// What the picture says in words.
pub(in crate::web) struct Words<'a> {
    /// The browser and address of a step.
    pub(in crate::web) lane: &'a dyn Fn(&Step) -> String,
    pub(in crate::web) clock: &'a dyn Fn(UnixTime) -> Clock,
    /// How long so many seconds are.
    pub(in crate::web) gap: &'a dyn Fn(i64) -> String,
}

/// A moment on the axis, to the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Clock {
    pub(in crate::web) date: String,
    pub(in crate::web) time: String,
}

/// A part of the picture, to be drawn under the one before. Positions and sizes are in pixels, counted from the upper left corner.
#[derive(Default)]
pub(in crate::web) struct Strip {
    pub(in crate::web) width: usize,
    pub(in crate::web) height: usize,
    pub(in crate::web) lanes: Vec<Lane>,
    pub(in crate::web) lines: Vec<Line>,
    pub(in crate::web) marks: Vec<Mark>,
    /// The middle of the mark for the session's end. `None`: it is not in this strip.
    pub(in crate::web) end: Option<(usize, usize)>,
    pub(in crate::web) axis_y: usize,
    pub(in crate::web) ticks: Vec<Tick>,
    pub(in crate::web) gaps: Vec<Gap>,
}

impl Strip {
    /// Whether its numbers can still be read when it is drawn as narrow as a phone.
    pub(in crate::web) fn is_short(&self) -> bool {
        self.width <= SHORT
    }
}

pub(in crate::web) struct Lane {
    pub(in crate::web) name: String,
    pub(in crate::web) name_y: usize,
    pub(in crate::web) y: usize,
}

/// From one mark to the next.
pub(in crate::web) struct Line {
    pub(in crate::web) from: (usize, usize),
    pub(in crate::web) to: (usize, usize),
    /// Whether a long time without a step lies between.
    pub(in crate::web) is_gap: bool,
}

/// Steps that are one row of the table, from the first to the last of them.
pub(in crate::web) struct Mark {
    pub(in crate::web) x: usize,
    pub(in crate::web) y: usize,
    pub(in crate::web) radius: usize,
    /// How far the last one is from the first.
    pub(in crate::web) length: usize,
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) odd: bool,
    /// The number of the step's row in the table, from 1.
    pub(in crate::web) number: usize,
}

pub(in crate::web) struct Tick {
    pub(in crate::web) x: usize,
    /// Empty where it is the same as the one before.
    pub(in crate::web) time: String,
    pub(in crate::web) date: String,
}

/// A long time without a step, on the axis.
pub(in crate::web) struct Gap {
    pub(in crate::web) from: usize,
    pub(in crate::web) to: usize,
    pub(in crate::web) middle: usize,
    pub(in crate::web) text: String,
}

/// What is drawn at a place: a step, or the end.
struct Item<'a> {
    step: Option<&'a Step>,
    number: usize,
    at: UnixTime,
    until: UnixTime,
    /// Of all lanes, in the order in which they first appear.
    lane: usize,
    /// Seconds since the item before. `None`: not long, or there is none.
    gap: Option<i64>,
    x: usize,
    length: usize,
}

/// The strips of a story. `ended`: when the session did.
pub(in crate::web) fn picture(steps: &[Step], ended: Option<UnixTime>, words: &Words<'_>) -> Vec<Strip> {
    let skipped = steps.len().saturating_sub(MAX_STEPS);
    let shown = steps.get(skipped..).unwrap_or_default();
    let (visitors, lanes) = lanes(shown);
    let mut items: Vec<_> = shown
        .iter()
        .zip(&lanes)
        .enumerate()
        .map(|(nth, (step, lane))| Item {
            step: Some(step),
            number: skipped + nth + 1,
            at: step.at,
            until: step.until,
            lane: *lane,
            gap: None,
            x: 0,
            length: if (words.clock)(step.at) == (words.clock)(step.until) { 0 } else { STEP },
        })
        .collect();
    // The end lies in the lane of the last step.
    let lane = lanes.last().copied().unwrap_or_default();
    items.extend(ended.map(|at| Item { step: None, number: 0, at, until: at, lane, gap: None, x: 0, length: 0 }));
    let mut before = None;
    for item in &mut items {
        item.gap = before.map(|until| item.at.since(until)).filter(|seconds| *seconds >= LONG);
        before = Some(item.until);
    }
    let names: Vec<_> = visitors.into_iter().map(words.lane).collect();
    let rows = into_rows(items);
    let last = rows.len().saturating_sub(1);
    rows.iter().enumerate().map(|(nth, row)| strip(row, &names, words, (nth > 0, nth < last))).collect()
}

/// Gives each item its place, and begins a new row where the present one is full.
fn into_rows(items: Vec<Item<'_>>) -> Vec<Vec<Item<'_>>> {
    let mut rows: Vec<Vec<Item<'_>>> = Vec::new();
    let mut next = MARGIN;
    for mut item in items {
        let room = item.gap.map_or(0, |_| GAP);
        if rows.is_empty() || next + room + item.length + MARGIN > WIDEST {
            rows.push(Vec::new());
            next = MARGIN;
        }
        item.x = next + room;
        next = item.x + item.length + STEP;
        if let Some(row) = rows.last_mut() {
            row.push(item);
        }
    }
    rows
}

/// `continues`: whether the story comes from a strip before, and goes on in one after.
fn strip(row: &[Item<'_>], names: &[String], words: &Words<'_>, continues: (bool, bool)) -> Strip {
    let mut used: Vec<_> = row.iter().map(|item| item.lane).collect();
    used.sort_unstable();
    used.dedup();
    let y = |item: &Item<'_>| used.iter().position(|lane| *lane == item.lane).unwrap_or_default() * LANE + MARKS;
    let drawn = row.last().map_or(MARGIN, |item| item.x + item.length) + MARGIN;
    let longest = used.iter().filter_map(|lane| names.get(*lane)).map(|name| name.chars().count()).max();
    let width = drawn.max(longest.unwrap_or_default() * LETTER + MARGIN).min(WIDEST.max(drawn));
    let mut strip = Strip {
        width,
        height: used.len() * LANE + AXIS,
        axis_y: used.len() * LANE + 8,
        lanes: used
            .iter()
            .zip(0..)
            .map(|(lane, nth)| Lane {
                name: names.get(*lane).cloned().unwrap_or_default(),
                name_y: nth * LANE + NAME,
                y: nth * LANE + MARKS,
            })
            .collect(),
        ..Strip::default()
    };
    let mut from = row.first().filter(|_| continues.0).map(|first| (0, y(first)));
    for item in row {
        let here = (item.x, y(item));
        if let Some(from) = from {
            strip.lines.push(Line { from, to: here, is_gap: item.gap.is_some() });
        }
        if let Some(seconds) = item.gap {
            let left = from.map_or(0, |(x, _)| x);
            let (from, to) = (left, item.x);
            strip.gaps.push(Gap { from, to, middle: usize::midpoint(from, to), text: (words.gap)(seconds) });
        }
        from = Some((item.x + item.length, here.1));
        match item.step {
            Some(step) => strip.marks.push(Mark {
                x: here.0,
                y: here.1,
                radius: radius(step.kind),
                length: item.length,
                kind: step.kind.as_str(),
                odd: step.odd,
                number: item.number,
            }),
            None => strip.end = Some(here),
        }
    }
    if let Some(from) = from.filter(|_| continues.1) {
        strip.lines.push(Line { from, to: (width, from.1), is_gap: false });
    }
    strip.ticks = ticks(row, words);
    strip
}

fn ticks(row: &[Item<'_>], words: &Words<'_>) -> Vec<Tick> {
    let mut before: Option<Clock> = None;
    let mut ticks = Vec::new();
    for item in row {
        let last = (item.length > 0).then_some((item.x + item.length, item.until));
        for (x, moment) in [(item.x, item.at)].into_iter().chain(last) {
            let clock = (words.clock)(moment);
            let is_new = |same: fn(&Clock, &Clock) -> bool| before.as_ref().is_none_or(|before| !same(before, &clock));
            let (new_date, new) = (is_new(|one, other| one.date == other.date), is_new(Clock::eq));
            ticks.push(Tick {
                x,
                time: if new { clock.time.clone() } else { String::new() },
                date: if new_date { clock.date.clone() } else { String::new() },
            });
            before = Some(clock);
        }
    }
    ticks
}

fn radius(kind: StepKind) -> usize {
    match kind {
        StepKind::SignedIn | StepKind::Confirmed | StepKind::Reused => 14,
        StepKind::Renewed | StepKind::Repeated | StepKind::Retried | StepKind::Recovered => 11,
    }
}

/// A step of each lane, and the lane of each step. Every pair of address and user agent has one, in the order in which they first
/// appear.
fn lanes(steps: &[Step]) -> (Vec<&Step>, Vec<usize>) {
    let mut visitors: Vec<&Step> = Vec::new();
    let mut lanes = Vec::new();
    for step in steps {
        let same = |known: &&Step| known.ip == step.ip && known.user_agent == step.user_agent;
        let lane = visitors.iter().position(same).unwrap_or(visitors.len());
        if lane == visitors.len() {
            visitors.push(step);
        }
        lanes.push(lane);
    }
    (visitors, lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: StepKind, user_agent: &str, at: i64, until: i64) -> Step {
        let odd = kind == StepKind::Reused;
        let (at, until) = (UnixTime(at), UnixTime(until));
        Step { kind, at, until, times: 1, ip: "127.0.0.1".into(), user_agent: user_agent.into(), odd }
    }

    /// Moments are told by their minute and day, gaps by their hours.
    fn drawn(steps: &[Step], ended: Option<i64>) -> Vec<Strip> {
        let clock = |at: UnixTime| Clock { date: (at.0 / 86_400).to_string(), time: (at.0 / 60).to_string() };
        let words = Words {
            lane: &|step| step.user_agent.clone(),
            clock: &clock,
            gap: &|seconds| format!("{} h", seconds / 3600),
        };
        picture(steps, ended.map(UnixTime), &words)
    }

    #[test]
    fn each_visitor_has_a_named_lane_and_the_odd_step_its_mark() {
        let steps = [
            step(StepKind::SignedIn, "one", 0, 0),
            step(StepKind::Renewed, "one", 900, 900),
            step(StepKind::Reused, "two", 960, 960),
        ];
        let strips = drawn(&steps, Some(960));
        assert_eq!(strips.len(), 1);
        let strip = &strips[0];
        let names: Vec<_> = strip.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!((strip.marks.len(), strip.lines.len(), strip.gaps.len()), (3, 3, 0));
        assert!(strip.marks[2].odd && strip.marks[2].y > strip.marks[1].y);
        assert_eq!(strip.end, Some((MARGIN + 3 * STEP, LANE + MARKS)));
        assert_eq!((strip.width, strip.height), (2 * MARGIN + 3 * STEP, 2 * LANE + AXIS));
    }

    #[test]
    fn of_a_short_story_the_names_can_be_read() {
        let name = "Chrome on Linux, 2001:db8:85a3:8d3:1319:8a2e:370:7348";
        let strips = drawn(&[step(StepKind::SignedIn, name, 0, 0)], None);
        assert!(strips[0].width > 6 * name.len() && strips[0].width <= WIDEST, "{}", strips[0].width);
    }

    #[test]
    fn a_long_time_without_a_step_is_a_gap_that_says_how_long() {
        let steps = [
            step(StepKind::SignedIn, "one", 0, 0),
            step(StepKind::Renewed, "one", LONG - 1, 2 * LONG),
            step(StepKind::Renewed, "one", 7 * LONG, 7 * LONG),
        ];
        let strip = &drawn(&steps, None)[0];
        let is_gap: Vec<_> = strip.lines.iter().map(|line| line.is_gap).collect();
        assert_eq!(is_gap, [false, true]);
        let gap = &strip.gaps[0];
        assert_eq!(
            (gap.text.as_str(), gap.from),
            ("5 h", strip.marks[1].x + STEP),
            "from the last of the repeated steps on"
        );
        assert_eq!(gap.to - gap.from, STEP + GAP);
    }

    #[test]
    fn the_axis_tells_each_minute_and_each_day_once() {
        let steps = [
            step(StepKind::SignedIn, "one", 0, 0),
            step(StepKind::Confirmed, "one", 30, 30),
            step(StepKind::Renewed, "one", 60, 86_400),
        ];
        let ticks: Vec<_> =
            drawn(&steps, None)[0].ticks.iter().map(|tick| (tick.time.clone(), tick.date.clone())).collect();
        let expected = [("0", "0"), ("", ""), ("1", ""), ("1440", "1")];
        assert_eq!(ticks, expected.map(|(time, date)| (time.to_owned(), date.to_owned())));
    }

    #[test]
    fn of_a_very_long_story_the_end_is_shown_and_no_strip_is_wider_than_a_sheet() {
        let steps: Vec<_> = (0..200).map(|n| step(StepKind::Renewed, "one", n * LONG, n * LONG)).collect();
        let strips = drawn(&steps, None);
        assert_eq!(strips[0].marks[0].number, 161);
        assert_eq!(strips.iter().map(|strip| strip.marks.len()).sum::<usize>(), MAX_STEPS);
        for strip in &strips {
            assert!(strip.width <= WIDEST && strip.end.is_none(), "{}", strip.width);
            assert_eq!(strip.lanes.len(), 1);
        }
        assert_eq!(strips[1].lines[0].from.0, 0, "it goes on from the strip before");
        assert!(drawn(&[], None).is_empty());
    }
}
