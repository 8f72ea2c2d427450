//! The results, as Markdown that is also readable in a terminal.

use std::fmt::{self, Display, Formatter, Write};

use crate::support::Failure;

/// The median, the least and the greatest of the figures of several rounds, and the bounds of the middle half of them.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    min: f64,
    pub(crate) max: f64,
    quarters: [f64; 2],
}

impl Spread {
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        let last = figures.len().saturating_sub(1);
        Self { median: at(figures.len() / 2), min: at(0), max: at(last), quarters: [at(last / 4), at(last - last / 4)] }
    }

    /// Between which figures half of the rounds lie.
    pub(crate) fn middle_half(&self, digits: usize) -> String {
        let [lower, upper] = self.quarters;
        format!("{lower:.digits$}–{upper:.digits$}")
    }
}

/// `median (min–max)`, with as many decimals as the format asks for (`{:.2}`), or none.
impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(0);
        let [median, min, max] = [self.median, self.min, self.max].map(|figure| with_commas(figure, digits));
        write!(f, "{median} ({min}–{max})")
    }
}

/// Formats a figure with commas and `digits` decimals: `1234567.8` with none is `1,234,568`.
pub(crate) fn with_commas(figure: f64, digits: usize) -> String {
    let text = format!("{figure:.digits$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, _)| (whole, &text[whole.len()..]));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// The figure below which a share of all figures lies, such as 0.99.
pub(crate) fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// A bound on a figure.
#[derive(Clone, Copy)]
pub(crate) enum Line {
    AtLeast(f64),
    AtMost(f64),
}

impl Line {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(line) => figure >= line,
            Self::AtMost(line) => figure <= line,
        }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(line) => write!(f, "≥ {line}"),
            Self::AtMost(line) => write!(f, "≤ {line}"),
        }
    }
}

/// A figure, the bound it should keep (the goal), and a weaker one that it has to keep (the floor).
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) goal: Line,
    pub(crate) floor: Option<Line>,
}

impl Display for Goal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { what, measured, goal, floor } = self;
        let floor_text = floor.map(|floor: Line| format!(", floor {floor}")).unwrap_or_default();
        let verdict = match floor {
            _ if goal.holds(*measured) => "met",
            Some(floor) if floor.holds(*measured) => "missed, the floor is held",
            Some(_) => "MISSED, below the floor",
            None => "MISSED",
        };
        write!(f, "- {what}: {measured:.2} (goal {goal}{floor_text}): {verdict}")
    }
}

/// A table: a head, and rows of cells.
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows: Vec::new() }
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: usize| {
            lines().filter_map(|line: &Vec<String>| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..self.head.len()).map(|column| width(column).unwrap_or(0)).collect();
        for (number, line) in lines().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                for width in &widths {
                    write!(f, "|{}", "-".repeat(width + 2))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// A bar of the picture: requests per second as a share of those of the server it is compared with, in the same rounds.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) ratio: f64,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Portero,
    Other,
}

/// One subject of the report: what was done, what came out, and what should have come out.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// How it was measured, in a few sentences.
    pub(crate) how: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) bars: Vec<Bar>,
}

impl Display for Section {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}\n", self.title, self.how)?;
        for table in &self.tables {
            writeln!(f, "{table}")?;
        }
        for goal in &self.goals {
            writeln!(f, "{goal}")?;
        }
        Ok(())
    }
}

/// How many threads wanted to run, on average over the last minute: how busy the machine is with other things.
pub(crate) fn load_average() -> Result<String, Failure> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(1).collect())
}

/// The whole report. `busy`: the load average before the run.
pub(crate) fn whole(sections: &[Section], cores: usize, busy: &str, arguments: &[&str]) -> Result<String, Failure> {
    let processor = std::fs::read_to_string("/proc/cpuinfo")?;
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, model)| model);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let build = if cfg!(feature = "postgres") {
        "cargo bench --features postgres --bench load"
    } else {
        "cargo bench --bench load"
    };
    let command = [build].into_iter().chain((!arguments.is_empty()).then_some("--"));
    let command: Vec<&str> = command.chain(arguments.iter().copied()).collect();
    let mut text = format!(
        "# Portero under load\n\n\
         `{}` on {date}: {cores} cores of {}, Linux {}; load average before the run {busy}. Load and servers share the cores: read the \
         ratios.\n\
         Figures are medians with the least and the most of all rounds; ratios are of neighbouring rounds.\n",
        command.join(" "),
        model.unwrap_or("an unnamed processor"),
        kernel.split('.').take(2).collect::<Vec<_>>().join("."),
    );
    for section in sections {
        write!(text, "\n{section}")?;
    }
    Ok(text)
}
