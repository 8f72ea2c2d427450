//! Reads a tutorial: the commands that it gives, and the answers that it says they have.

use std::fmt::Write as _;

/// A tutorial has to have at least this many steps.
const STEPS: usize = 7;

#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) struct Block {
    /// The number of its step; 0 before the first.
    pub(crate) step: usize,
    pub(crate) line: usize,
    pub(crate) commands: String,
    pub(crate) expected: String,
}

struct Fence<'a> {
    step: usize,
    line: usize,
    kind: &'a str,
    content: String,
}

impl Document {
    /// Reads a tutorial's text, or says what is wrong with it: a command without an answer, an answer without a command,
    /// a block of another kind, a server that is not started exactly once, too few steps, or one without commands.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (steps, fences) = fences(text)?;
        if steps < STEPS {
            return Err(format!("{steps} steps, and it should have at least {STEPS}"));
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut started = 0;
        let mut fences = fences.into_iter();
        while let Some(fence) = fences.next() {
            let Fence { step, line, kind, content } = fence;
            match kind {
                // The server's terminal. The test starts a server of its own.
                "console" => started += 1,
                "sh" => match fences.next() {
                    Some(answer) if matches!(answer.kind, "text" | "json") && !answer.content.trim().is_empty() => {
                        blocks.push(Block { step, line, commands: content, expected: answer.content });
                    }
                    _ => return Err(format!("line {line}: commands without an answer")),
                },
                "text" | "json" => return Err(format!("line {line}: an answer without commands")),
                kind => return Err(format!("line {line}: a block of the kind {kind:?}")),
            }
        }
        if started != 1 {
            return Err(format!("the server is started {started} times"));
        }
        if let Some(idle) = (1..=steps).find(|step| blocks.iter().all(|block| block.step != *step)) {
            return Err(format!("step {idle} has no commands"));
        }
        Ok(Self { blocks })
    }
}

/// The number of steps, and all fenced blocks.
fn fences(text: &str) -> Result<(usize, Vec<Fence<'_>>), String> {
    let (mut steps, mut fences) = (0, Vec::new());
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let mut content = String::new();
            loop {
                let (line, _) = lines.next().ok_or_else(|| format!("line {number}: a block without an end"))?;
                if line == "```" {
                    break;
                }
                content += line;
                content.push('\n');
            }
            fences.push(Fence { step: steps, line: number, kind, content });
        } else if line.starts_with(&format!("## {}. ", steps + 1)) {
            steps += 1;
        } else if line.starts_with('#') && fences.len() + steps > 0 {
            return Err(format!("line {number}: not step {}", steps + 1));
        } else if line.trim_start().starts_with("```") || line.starts_with("~~~") {
            // A reader would see a block, but the test would not run it.
            return Err(format!("line {number}: a block that does not start as the others"));
        }
    }
    Ok((steps, fences))
}

/// How an output differs from what the tutorial says, line by line; `None` if it does not. White space
/// at the ends of lines and around the whole does not count.
pub(crate) fn difference(expected: &str, output: &str) -> Option<String> {
    let lines = |text: &str| -> Vec<String> { text.trim().lines().map(|line| line.trim_end().to_owned()).collect() };
    let (expected, output) = (lines(expected), lines(output));
    let same = expected.len() == output.len() && expected.iter().zip(&output).all(|(said, came)| matches(said, came));
    if same {
        return None;
    }
    let mut report = String::new();
    writeln!(
        report,
        "the document says:\n    {}\nand it answered:\n    {}",
        expected.join("\n    "),
        output.join("\n    ")
    )
    .expect("a String takes everything");
    Some(report)
}

/// Whether a line is as the pattern says, in which `…` stands for at least one character.
fn matches(pattern: &str, line: &str) -> bool {
    let mut pieces = pattern.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    // The first place where a piece fits leaves the most for the pieces after it.
    for piece in pieces {
        let Some(after) = behind_something(rest).and_then(|rest| rest.split_once(piece)) else { return false };
        rest = after.1;
    }
    behind_something(rest).is_some_and(|rest| rest.ends_with(last))
}

fn behind_something(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

const STARTED: &str = "# T\n\n```console\nportero\n```\n";

fn step(number: usize, commands: &str, answer: &str) -> String {
    format!("## {number}. S\n\n```sh\n{commands}\n```\n\n```text\n{answer}\n```\n")
}

fn with_steps(count: usize) -> String {
    let steps: String = (1..=count).map(|number| step(number, "echo a", "a")).collect();
    format!("{STARTED}{steps}")
}

fn fault(text: &str) -> String {
    Document::read(text).unwrap_err()
}

#[test]
fn a_tutorial_of_less_than_seven_steps_is_refused() {
    assert_eq!(Document::read(&with_steps(7)).unwrap().blocks.len(), 7);
    assert!(fault(&with_steps(6)).contains("6 steps"));
    let without_commands = format!("{}## 8. S\n\nText.\n", with_steps(7));
    assert!(fault(&without_commands).contains("step 8 has no commands"));
    assert!(fault(&format!("{}## 9. S\n", with_steps(7))).contains("not step 8"));
}

#[test]
fn a_command_without_an_answer_is_refused() {
    let silent = "```sh\necho b\n```\n";
    let faults = [
        format!("{}{silent}", with_steps(7)),
        format!("{}{silent}{silent}", with_steps(7)),
        format!("{}{}", with_steps(7), step(8, "true", "")),
    ];
    for text in faults {
        assert!(fault(&text).contains("commands without an answer"), "{text}");
    }
    assert!(fault(&format!("{}```text\nb\n```\n", with_steps(7))).contains("an answer without commands"));
}

#[test]
fn nothing_but_the_start_of_the_server_is_left_out() {
    assert!(fault(&format!("{}{STARTED}", with_steps(7)).replace("\n# T\n", "\n")).contains("started 2 times"));
    assert!(fault(&with_steps(7).replace("console", "sh")).contains("without an answer"));
    for other in ["```bash\nls\n```\n", "```\nls\n```\n"] {
        assert!(fault(&format!("{}{other}", with_steps(7))).contains("a block of the kind"), "{other}");
    }
    for hidden in ["  ```sh\nls\n```\n", "~~~sh\nls\n~~~\n"] {
        assert!(fault(&format!("{}{hidden}", with_steps(7))).contains("does not start as the others"), "{hidden}");
    }
    assert!(fault(&format!("{}```sh\nls\n", with_steps(7))).contains("without an end"));
}

#[test]
fn an_answer_that_differs_is_reported() {
    for (said, came) in [
        ("a", "a"),
        ("a\nb\n", "a  \r\nb\n\n"),
        ("…", "a"),
        ("a…c", "abc"),
        ("a…b…d", "axbybd"),
        ("{\"id\":\"…\",\"t\":…}", "{\"id\":\"ñ\",\"t\":1}"),
        ("… 200", "é 200"),
    ] {
        assert_eq!(difference(said, came), None, "{said:?} {came:?}");
    }
    for (said, came) in [
        ("a", "b"),
        ("a", ""),
        ("a", "ab"),
        ("a", "a\nb"),
        ("a\nb", "a"),
        ("…", ""),
        ("a…", "a"),
        ("a…c", "ac"),
        ("a…c", "ab\nc"),
        ("a…b…d", "axbd"),
        ("a…aba", "aba"),
    ] {
        assert!(difference(said, came).is_some(), "{said:?} {came:?}");
    }
}
