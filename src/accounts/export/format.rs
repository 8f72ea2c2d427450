//! How the rows of an export become bytes: CSV, or JSON Lines.

use std::borrow::Cow;

use serde::Serializer as _;
use serde_json::Value;

use crate::domain::spelled;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header; UTF-8.
    Csv,
    /// One JSON object a line; UTF-8. (<https://jsonlines.org>)
    JsonLines,
}

spelled!(Format { Csv = "csv", JsonLines = "jsonl" });

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }
}

/// Takes rows and becomes bytes.
pub(super) enum Encoder {
    Csv(Box<csv::Writer<Vec<u8>>>),
    JsonLines(Vec<u8>),
}

const TO_MEMORY: &str = "memory takes whatever is written to it";

impl Encoder {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Csv => {
                let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
                Self::Csv(Box::new(writer))
            }
            Format::JsonLines => Self::JsonLines(Vec::new()),
        }
    }

    /// The line that names the columns, in a format that has one.
    pub(super) fn header(&mut self, columns: &[&str]) {
        match self {
            Self::Csv(writer) => writer.write_record(columns).expect(TO_MEMORY),
            Self::JsonLines(_) => {}
        }
    }

    pub(super) fn row<const N: usize>(&mut self, columns: &[&'static str; N], values: &[Value; N]) {
        match self {
            Self::Csv(writer) => {
                writer.write_record(values.iter().map(|value| cell(value).into_owned())).expect(TO_MEMORY);
            }
            Self::JsonLines(bytes) => {
                let members = columns.iter().zip(values);
                serde_json::Serializer::new(&mut *bytes).collect_map(members).expect(TO_MEMORY);
                bytes.push(b'\n');
            }
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Csv(writer) => writer.into_inner().expect(TO_MEMORY),
            Self::JsonLines(bytes) => bytes,
        }
    }
}

fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::String(text) => without_formula(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string().into(),
    }
}

/// A spreadsheet takes a cell that begins so for a formula, which may send what stands beside it elsewhere, and names and browsers are
/// what others say they are. (OWASP, "CSV Injection"; ASVS 1.2.10)
fn without_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(format: Format, values: [Value; 3]) -> String {
        let mut encoder = Encoder::new(format);
        encoder.header(&["z", "a", "m"]);
        encoder.row(&["z", "a", "m"], &values);
        String::from_utf8(encoder.into_bytes()).unwrap()
    }

    #[test]
    fn a_cell_is_quoted_where_rfc_4180_asks_for_it() {
        let values = [json!("a \"b\", c\r\nd"), Value::Null, json!({ "x": 1 })];
        assert_eq!(encoded(Format::Csv, values), "z,a,m\r\n\"a \"\"b\"\", c\r\nd\",,\"{\"\"x\"\":1}\"\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n", "\0"] {
            let text = format!("{begin}HYPERLINK(\"http://x\")");
            let line = encoded(Format::Csv, [json!(text), json!(7), json!(true)]);
            let mut records = csv::Reader::from_reader(line.as_bytes());
            let record = records.records().next().unwrap().unwrap();
            assert_eq!(&record[0], format!("'{text}"));
            assert_eq!((&record[1], &record[2]), ("7", "true"));
        }
        assert_eq!(encoded(Format::Csv, [json!("a=b"), json!("'=c"), json!("")]), "z,a,m\r\na=b,'=c,\r\n");
    }

    #[test]
    fn a_line_of_json_has_the_columns_in_their_order_and_texts_as_they_are() {
        let line = encoded(Format::JsonLines, [json!("=1+1"), Value::Null, json!("\u{2028}\n")]);
        assert_eq!(line, "{\"z\":\"=1+1\",\"a\":null,\"m\":\"\u{2028}\\n\"}\n");
    }
}
