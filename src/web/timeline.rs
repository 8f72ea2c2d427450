//! A session's story as a picture: one lane for each client, one mark for each step, numbered as in the table beneath. This
//! is where everything lies; `templates/story.html` draws it.

use crate::domain::StepKind;
use crate::store::steps::Step;

const STEP: usize = 48;
const LANE: usize = 44;
const MARGIN: usize = 28;
/// More than these do not fit; the newest are shown.
const MOST: usize = 40;

/// In pixels from the upper left.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
    /// The middle of the mark of the end, if the session has come to one.
    pub(super) end: Option<(usize, usize)>,
}

pub(super) struct Line {
    pub(super) from: (usize, usize),
    pub(super) to: (usize, usize),
}

pub(super) struct Mark {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) radius: usize,
    pub(super) kind: &'static str,
    pub(super) odd: bool,
    /// Of its row in the table.
    pub(super) number: usize,
}

impl Picture {
    pub(super) fn of(steps: &[Step], has_ended: bool) -> Self {
        let first = steps.len().saturating_sub(MOST);
        let shown = steps.get(first..).unwrap_or_default();
        let lanes = lanes(shown);
        let place = |(nth, lane): (usize, usize)| (MARGIN + STEP * nth, MARGIN + LANE * lane);
        // The end lies where the last step was.
        let ends_in = has_ended.then(|| lanes.last().copied().unwrap_or_default());
        let places: Vec<_> = lanes.iter().copied().chain(ends_in).enumerate().map(place).collect();
        let marks = shown.iter().zip(&places).enumerate().map(|(nth, (step, (x, y)))| Mark {
            x: *x,
            y: *y,
            radius: radius(step.kind),
            kind: step.kind.as_str(),
            odd: step.odd,
            number: first + nth + 1,
        });
        Self {
            width: MARGIN + places.last().map_or(MARGIN, |(x, _)| *x),
            height: MARGIN + places.iter().map(|(_, y)| *y).max().unwrap_or(MARGIN),
            lines: places.windows(2).map(|pair| Line { from: pair[0], to: pair[1] }).collect(),
            marks: marks.collect(),
            end: ends_in.and(places.last().copied()),
        }
    }
}

fn radius(kind: StepKind) -> usize {
    match kind {
        StepKind::SignedIn | StepKind::Confirmed | StepKind::Reused => 14,
        StepKind::Renewed | StepKind::Repeated | StepKind::Retried => 11,
    }
}

/// The lane of each step: clients in the order in which they came.
fn lanes(steps: &[Step]) -> Vec<usize> {
    let mut clients: Vec<(&str, &str)> = Vec::new();
    let mut lanes = Vec::new();
    for step in steps {
        let client = (step.ip.as_str(), step.user_agent.as_str());
        let lane = clients.iter().position(|known| *known == client).unwrap_or(clients.len());
        if lane == clients.len() {
            clients.push(client);
        }
        lanes.push(lane);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UnixTime;

    fn step(kind: StepKind, user_agent: &str, odd: bool) -> Step {
        let at = UnixTime(1);
        Step { kind, at, until: at, times: 1, ip: "127.0.0.1".into(), user_agent: user_agent.into(), odd }
    }

    #[test]
    fn each_client_has_its_lane_and_the_odd_step_its_mark() {
        let steps = [
            step(StepKind::SignedIn, "one", false),
            step(StepKind::Renewed, "one", false),
            step(StepKind::Reused, "two", true),
        ];
        assert_eq!(lanes(&steps), [0, 0, 1]);
        let picture = Picture::of(&steps, true);
        assert_eq!((picture.marks.len(), picture.lines.len()), (3, 3));
        assert!(picture.marks[2].odd && picture.marks[2].y > picture.marks[1].y);
        assert_eq!(picture.end, Some((MARGIN + 3 * STEP, MARGIN + LANE)));
        assert_eq!((picture.width, picture.height), (2 * MARGIN + 3 * STEP, 2 * MARGIN + LANE));
    }

    #[test]
    fn of_a_very_long_story_the_end_is_shown() {
        let steps: Vec<_> = (0..200).map(|_| step(StepKind::Renewed, "one", false)).collect();
        let picture = Picture::of(&steps, false);
        assert_eq!((picture.marks.len(), picture.marks[0].number), (MOST, 161));
        assert!(picture.end.is_none());
    }
}
