//! Redirects as a table: `from,to,status`, one a line.

use crate::error::{FieldError, Result, invalid_all, malformed};

/// The most lines of one table.
pub const LINES_MAX: usize = 20_000;
/// Errors that one answer lists.
const ERRORS_MAX: usize = 1_000;
/// What the columns are called, and what they are without a heading.
const COLUMNS: [&str; 3] = ["from", "to", "status"];

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file; the first is 1.
    pub number: u64,
    /// The old address.
    pub from: String,
    /// Where it leads.
    pub to: Option<String>,
    /// 301 or 410.
    pub status: Option<i32>,
}

impl Line {
    /// How errors point to it.
    pub fn pointer(&self) -> String {
        Line::pointer_to(self.number)
    }

    /// How errors point to the line with this number.
    pub fn pointer_to(number: u64) -> String {
        format!("#/lines/{number}")
    }
}

/// Reads a table (RFC 4180): fields are separated by commas, or else by semicolons
/// or tabs, as spreadsheets write them. The first line may name the columns.
/// Whatever can't be read is an error that names its line.
pub fn read(text: &str) -> Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    let mut columns: Vec<&str> = COLUMNS.to_vec();
    for (at, record) in reader.records().enumerate() {
        let record =
            record.map_err(|error| malformed(format!("The table can't be read: {error}.")))?;
        let number = line_of(text, &record).unwrap_or(at as u64 + 1);
        if at == 0
            && record
                .iter()
                .any(|field| field.eq_ignore_ascii_case("from"))
        {
            columns = headings(&record)?;
            continue;
        }
        if lines.len() == LINES_MAX {
            let detail = format!("a table has {LINES_MAX} lines at most; send the rest in another");
            return Err(invalid_all(vec![FieldError::new("#", "too-many", detail)]));
        }
        let mut wrong = |member: &str, code, detail: String| {
            let pointer = format!("{}{member}", Line::pointer_to(number));
            errors.push(FieldError::new(pointer, code, detail));
        };
        if record.len() > columns.len() {
            let detail = format!(
                "has {} fields, and there are {} columns; put a field with the separator in it in double quotes",
                record.len(),
                columns.len()
            );
            wrong("", "too-many", detail);
            continue;
        }
        let field = |name: &str| {
            let place = columns.iter().position(|column| *column == name)?;
            record.get(place).filter(|field| !field.is_empty())
        };
        let Some(from) = field("from") else {
            wrong(
                "/from",
                "required",
                "is empty; write the old address".to_owned(),
            );
            continue;
        };
        let status = match field("status").map(str::parse) {
            None => None,
            Some(Ok(status)) => Some(status),
            Some(Err(_)) => {
                wrong(
                    "/status",
                    "wrong-type",
                    "is a number, 301 or 410".to_owned(),
                );
                continue;
            }
        };
        lines.push(Line {
            number,
            from: from.to_owned(),
            to: field("to").map(str::to_owned),
            status,
        });
    }
    if !errors.is_empty() {
        errors.truncate(ERRORS_MAX);
        return Err(invalid_all(errors));
    }
    if lines.is_empty() {
        let detail = "holds no line; write one such as /artikel/12.html,neuer-slug";
        return Err(invalid_all(vec![FieldError::new("#", "required", detail)]));
    }
    Ok(lines)
}

/// The line that a record stands in. The reader says where it began to look for it,
/// which is before the empty lines that it passes over.
fn line_of(text: &str, record: &csv::StringRecord) -> Option<u64> {
    let position = record.position()?;
    let rest = text.get(position.byte() as usize..)?;
    let empty = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let passed = rest[..empty].bytes().filter(|byte| *byte == b'\n').count();
    Some(position.line() + passed as u64)
}

fn headings(record: &csv::StringRecord) -> Result<Vec<&'static str>> {
    let mut columns = Vec::new();
    for field in record {
        let known = COLUMNS.iter().find(|name| field.eq_ignore_ascii_case(name));
        match known {
            Some(name) if !columns.contains(name) => columns.push(*name),
            _ => {
                let shown: String = field.chars().take(80).collect();
                let detail = format!(
                    "has a column `{shown}`; the columns are from, to and status, each once"
                );
                let error = FieldError::new(Line::pointer_to(1), "unknown-field", detail);
                return Err(invalid_all(vec![error]));
            }
        }
    }
    Ok(columns)
}

/// What separates the fields: what stands in the first line.
fn delimiter(text: &str) -> u8 {
    let first = text
        .trim_start_matches(['\u{feff}', '\r', '\n'])
        .lines()
        .next();
    let first = first.unwrap_or_default();
    let fits = |delimiter: &u8| {
        let fields = first.split(char::from(*delimiter)).count();
        (2..=COLUMNS.len()).contains(&fields)
    };
    [b',', b';', b'\t'].into_iter().find(fits).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String, Option<String>, Option<i32>)> {
        let read = read(text).unwrap();
        let fields = |line: Line| (line.number, line.from, line.to, line.status);
        read.into_iter().map(fields).collect()
    }

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        let expected = [
            (2, "/a,b".to_owned(), Some("rat".to_owned()), None),
            (4, "/c".to_owned(), None, Some(410)),
        ];
        assert_eq!(lines("from,to,status\n\"/a,b\",rat\n\n/c,,410\n"), expected);
        assert_eq!(
            lines("\u{feff}From;Status;To\r\n/a,b; ;rat\r\n\r\n/c;410;\r\n"),
            expected
        );
        assert_eq!(
            lines("/a\t/b\n"),
            [(1, "/a".to_owned(), Some("/b".to_owned()), None)]
        );
        assert_eq!(
            lines("/a?x=1;2,/b"),
            [(1, "/a?x=1;2".to_owned(), Some("/b".to_owned()), None)]
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        let crate::error::Error::Problem(problem) =
            read("/a,/b\n,/c\n/d,/e,x\n/f,/g,301,h").unwrap_err()
        else {
            unreachable!()
        };
        let pointers: Vec<&str> = problem
            .errors
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            ["#/lines/2/from", "#/lines/3/status", "#/lines/4"]
        );
        for text in ["", "from,to\n", "from,nach\n/a,/b\n", "from,from\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
