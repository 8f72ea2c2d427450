//! A session's story as a picture: one track for each browser or program at each address, and one mark for each step, numbered as in
//! the table beneath. Positions are worked out here; `templates/story.html` draws them.

use crate::domain::StepKind;
use crate::store::steps::Step;

// In pixels: from step to step, from track to track, and around the picture.
const STEP: usize = 48;
const TRACK: usize = 44;
const MARGIN: usize = 28;
/// The most steps that fit; the newest are shown.
const MAX_STEPS: usize = 40;

/// Positions and sizes are in pixels, counted from the upper left corner.
pub(in crate::web) struct Picture {
    pub(in crate::web) width: usize,
    pub(in crate::web) height: usize,
    pub(in crate::web) lines: Vec<Line>,
    pub(in crate::web) marks: Vec<Mark>,
    /// The middle of the mark for the session's end. `None`: it has not ended.
    pub(in crate::web) end: Option<(usize, usize)>,
}

pub(in crate::web) struct Line {
    pub(in crate::web) from: (usize, usize),
    pub(in crate::web) to: (usize, usize),
}

pub(in crate::web) struct Mark {
    pub(in crate::web) x: usize,
    pub(in crate::web) y: usize,
    pub(in crate::web) radius: usize,
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) odd: bool,
    /// The number of the step's row in the table, from 1.
    pub(in crate::web) number: usize,
}

impl Picture {
    pub(in crate::web) fn new(steps: &[Step], has_ended: bool) -> Self {
        let first = steps.len().saturating_sub(MAX_STEPS);
        let shown = steps.get(first..).unwrap_or_default();
        let tracks = tracks(shown);
        let place = |(nth, track): (usize, usize)| (MARGIN + STEP * nth, MARGIN + TRACK * track);
        // The end lies in the track of the last step.
        let ends_in = has_ended.then(|| tracks.last().copied().unwrap_or_default());
        let places: Vec<_> = tracks.iter().copied().chain(ends_in).enumerate().map(place).collect();
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
        StepKind::Renewed | StepKind::Repeated | StepKind::Retried | StepKind::Recovered => 11,
    }
}

/// The track of each step. Every pair of address and user agent has one, in the order in which they first appear.
fn tracks(steps: &[Step]) -> Vec<usize> {
    let mut visitors: Vec<(&str, &str)> = Vec::new();
    let mut tracks = Vec::new();
    for step in steps {
        let visitor = (step.ip.as_str(), step.user_agent.as_str());
        let track = visitors.iter().position(|known| *known == visitor).unwrap_or(visitors.len());
        if track == visitors.len() {
            visitors.push(visitor);
        }
        tracks.push(track);
    }
    tracks
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
    fn each_visitor_has_its_track_and_the_odd_step_its_mark() {
        let steps = [
            step(StepKind::SignedIn, "one", false),
            step(StepKind::Renewed, "one", false),
            step(StepKind::Reused, "two", true),
        ];
        assert_eq!(tracks(&steps), [0, 0, 1]);
        let picture = Picture::new(&steps, true);
        assert_eq!((picture.marks.len(), picture.lines.len()), (3, 3));
        assert!(picture.marks[2].odd && picture.marks[2].y > picture.marks[1].y);
        assert_eq!(picture.end, Some((MARGIN + 3 * STEP, MARGIN + TRACK)));
        assert_eq!((picture.width, picture.height), (2 * MARGIN + 3 * STEP, 2 * MARGIN + TRACK));
    }

    #[test]
    fn of_a_very_long_story_the_end_is_shown() {
        let steps: Vec<_> = (0..200).map(|_| step(StepKind::Renewed, "one", false)).collect();
        let picture = Picture::new(&steps, false);
        assert_eq!((picture.marks.len(), picture.marks[0].number), (MAX_STEPS, 161));
        assert!(picture.end.is_none());
    }
}
