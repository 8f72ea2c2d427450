//! A picture of counts over time: a bar for each hour or day. The template draws it; here is where each bar lies. It is stretched to the
//! width that the page has, so it holds no text.

/// The picture's height, in its own units.
pub(in crate::web) const HEIGHT: i64 = 100;
/// From one bar to the next, and how much of that the bar fills.
const STEP: i64 = 10;
const WIDTH: i64 = 8;
/// A bar that counts anything is at least so high, or one would not see it beside a high one.
const LEAST: i64 = 2;

pub(in crate::web) struct Bars {
    pub(in crate::web) width: i64,
    pub(in crate::web) bars: Vec<Bar>,
    /// The highest count.
    pub(in crate::web) most: i64,
}

pub(in crate::web) struct Bar {
    pub(in crate::web) x: i64,
    pub(in crate::web) y: i64,
    pub(in crate::web) width: i64,
    pub(in crate::web) height: i64,
    /// Whether it shows the part that may be the work of a thief or an attacker.
    pub(in crate::web) is_danger: bool,
}

/// What one bar shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Count {
    pub(in crate::web) all: i64,
    /// The part of it that deserves attention.
    pub(in crate::web) danger: i64,
}

impl Bars {
    pub(in crate::web) fn new(counts: &[Count]) -> Self {
        let most = counts.iter().map(|count| count.all).max().unwrap_or(0);
        let height = |count: i64| if count == 0 { 0 } else { LEAST.max(count * HEIGHT / most.max(1)) };
        let mut bars = Vec::new();
        let mut x = (STEP - WIDTH) / 2;
        for count in counts {
            let (all, danger) = (height(count.all), height(count.danger).min(height(count.all)));
            // The dangerous part lies at the bottom, where its height can be compared with its neighbours'.
            for (top, height, is_danger) in [(all, all - danger, false), (danger, danger, true)] {
                if height > 0 {
                    bars.push(Bar { x, y: HEIGHT - top, width: WIDTH, height, is_danger });
                }
            }
            x += STEP;
        }
        Self { width: x - (STEP - WIDTH) / 2, bars, most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_count_fills_the_height_and_a_single_one_is_still_seen() {
        let picture = Bars::new(&[Count { all: 1000, danger: 0 }, Count::default(), Count { all: 1, danger: 0 }]);
        let shown: Vec<_> = picture.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect();
        assert_eq!(shown, [(1, 0, 100), (21, 98, 2)]);
        assert_eq!((picture.width, picture.most), (30, 1000));
    }

    #[test]
    fn the_part_that_deserves_attention_lies_at_the_bottom() {
        let picture = Bars::new(&[Count { all: 10, danger: 4 }, Count { all: 3, danger: 3 }]);
        let shown: Vec<_> = picture.bars.iter().map(|bar| (bar.y, bar.height, bar.is_danger)).collect();
        assert_eq!(shown, [(0, 60, false), (60, 40, true), (70, 30, true)]);
    }

    #[test]
    fn where_nothing_happened_there_is_no_bar() {
        let picture = Bars::new(&[Count::default(); 24]);
        assert!(picture.bars.is_empty());
        assert_eq!((picture.width, picture.most), (240, 0));
    }
}
