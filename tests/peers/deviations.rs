//! Reads `docs/deviations.md`, the one list of what differs from the library on purpose. Each of its
//! rows has to be shown by a test.

use std::collections::BTreeMap;

use crate::root;

/// For the name of each row, the test that shows it.
pub(crate) struct Deviations(BTreeMap<String, String>);

impl Deviations {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(root().join("docs/deviations.md")).unwrap();
        let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let plain = |cell: &str| cell.trim_matches(['`', ' ', '|']).to_owned();
            (plain(cells[0]), plain(cells[cells.len() - 1]))
        });
        Self(rows.collect())
    }

    pub(crate) fn has(&self, row: &str) -> bool {
        self.0.contains_key(row)
    }
}

/// The text of every Rust file in `tests` and `src`, to look for test functions in.
fn tests() -> String {
    let mut folders = vec![root().join("tests"), root().join("src")];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn every_deviation_is_shown_by_a_test() {
    let Deviations(rows) = Deviations::read();
    assert!(rows.len() > 15, "the list is not read: {rows:?}");
    let (tests, cases) =
        (tests(), include_str!("failures.rs").to_owned() + include_str!("options.rs") + include_str!("tokens.rs"));
    for (row, shown_by) in rows {
        let by_case = shown_by == "the oracle";
        let found = if by_case {
            cases.contains(&format!(".deviates(\"{row}\""))
        } else {
            tests.contains(&format!("fn {shown_by}("))
        };
        assert!(found, "nothing shows the deviation {row}: {shown_by}");
    }
}
