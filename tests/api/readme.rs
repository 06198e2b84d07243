//! The walks of the documentation, executed: every shell line of the README and
//! of the pages in docs runs against the real binary, and what it prints is what the
//! page shows (`…` stands for anything).

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell block and what it is to print, if the README says so.
struct Step {
    line: usize,
    script: String,
    shown: Option<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut block: Option<(bool, usize, String)> = None;
    let mut text_since_step = false;
    for (number, line) in text.lines().enumerate() {
        match (&mut block, line) {
            (None, "```sh") => block = Some((true, number + 1, String::new())),
            (None, "```") => block = Some((false, number + 1, String::new())),
            (Some(_), "```") => {
                let (shell, line, content) = block.take().unwrap();
                if shell {
                    steps.push(Step {
                        line,
                        script: content,
                        shown: None,
                    });
                    text_since_step = false;
                } else if let Some(step) = steps.last_mut().filter(|_| !text_since_step) {
                    step.shown = Some(content);
                }
            }
            (Some((.., content)), line) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, line) => text_since_step |= !line.trim().is_empty(),
        }
    }
    steps
}

/// Whether `text` is `pattern` with something in place of each `…`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = text.trim();
    let mut pieces = pattern.trim().split('…').peekable();
    let first = pieces.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    while let Some(piece) = pieces.next() {
        let found = if pieces.peek().is_none() {
            rest.rfind(piece)
        } else {
            rest.find(piece)
        };
        let Some(at) = found else { return false };
        rest = &rest[at + piece.len()..];
        if pieces.peek().is_none() && !piece.is_empty() && !rest.is_empty() {
            return false;
        }
    }
    true
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn serve(folder: &Path, port: u16) -> Served {
    let child = Command::new(env!("CARGO_BIN_EXE_perspektive"))
        .args(["serve", "--bind", &format!("127.0.0.1:{port}")])
        .current_dir(folder)
        .env_clear()
        .env("LOG", "warn")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let served = Served(child);
    let until = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "the server did not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    served
}

/// Runs every shell block of a page in one shell, after `before`.
fn walk(page: &str, least: usize, before: &str) {
    let path = format!("{}/{page}", env!("CARGO_MANIFEST_DIR"));
    let steps = steps(&std::fs::read_to_string(path).unwrap());
    assert!(steps.len() >= least, "{page} has lost its walk");
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _served = serve(folder.path(), port);

    // One shell runs all steps, so that variables live on; each step's output
    // goes to a file of its own.
    let bin = Path::new(env!("CARGO_BIN_EXE_perspektive"))
        .parent()
        .unwrap()
        .display()
        .to_string();
    let before = before.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    let mut script = format!("set -eu\nPATH={bin}:$PATH\n{before}\n");
    for (number, step) in steps.iter().enumerate() {
        let text = step
            .script
            .replace("$PWD/target/release", &bin)
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
        script.push_str(&format!("exec >out.{number}\n{text}\n"));
    }
    let status = Command::new("bash")
        .arg("-c")
        .arg(&script)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&status.stderr);
    assert!(status.status.success(), "a line of {page} failed: {errors}");
    for (number, step) in steps.iter().enumerate() {
        let printed = std::fs::read_to_string(folder.path().join(format!("out.{number}")))
            .unwrap_or_default();
        if let Some(shown) = &step.shown {
            assert!(
                fits(shown, &printed),
                "{page}, line {}:\nshown   {shown}\nprinted {printed}",
                step.line
            );
        }
    }
}

#[test]
fn every_line_of_the_walk_does_what_the_readme_says() {
    walk("README.md", 9, "");
}

#[test]
fn every_task_with_curl_does_what_the_guide_says() {
    let key = "echo 'Morgen steigt der Fluss' | perspektive user add anna --role admin --password-stdin\n\
               KEY=$(perspektive key add --user anna --name laptop)";
    walk("docs/curl.md", 15, key);
}

#[test]
fn every_line_of_the_guide_to_syncing_does_what_it_says() {
    let key = "echo 'Morgen steigt der Fluss' | perspektive user add anna --role admin --password-stdin\n\
               KEY=$(perspektive key add --user anna --name laptop)";
    walk("docs/sync.md", 7, key);
}

#[test]
fn feeds_are_what_their_page_says() {
    let article = "echo 'Morgen steigt der Fluss' | perspektive user add anna --role admin --password-stdin\n\
                   KEY=$(perspektive key add --user anna --name laptop)\n\
                   curl -sf http://127.0.0.1:8080/v1/editor/sections -H \"Authorization: Bearer $KEY\" --json '{\"name\": \"Politik\"}' > /dev/null\n\
                   curl -sf -X PUT 'http://127.0.0.1:8080/v1/editor/articles/stadtrat-nahverkehr?publish=true' -H \"Authorization: Bearer $KEY\" --json \\\n\
                   '{\"headline\": \"Stadtrat beschließt kostenlosen Nahverkehr\", \"section\": \"politik\", \"topics\": [\"Verkehr\"], \"authors\": [\"Mara Lenz\"], \"body\": {\"markdown\": \"Der Rat stimmte zu.\"}}' > /dev/null";
    walk("docs/feeds.md", 4, article);
}

/// An admin's key, an article with three revisions, one about bridges, and a file of
/// others.
const STOCK: &str = r##"echo 'Morgen steigt der Fluss' | perspektive user add anna --role admin --password-stdin
KEY=$(perspektive key add --user anna --name laptop)
API=http://127.0.0.1:8080
put() { curl -sf -X PUT "$API/v1/editor/articles/$1?overwrite=true&publish=true" -H "Authorization: Bearer $KEY" --json "$2"; }
curl -sf $API/v1/editor/sections -H "Authorization: Bearer $KEY" --json '{"name": "Politik"}' >/dev/null
for text in Eins. Zwei. Drei.; do
  put rat '{"headline": "Nahverkehr wird kostenlos", "section": "politik", "body": {"markdown": "'"$text"'"}}' >/dev/null
done
put bruecke '{"headline": "Die alte Brücke", "section": "politik", "body": {"markdown": "Sie hält."}}' >/dev/null
echo '{"slug": "fluss", "headline": "Der Fluss"}' >artikel.ndjson
for try in $(seq 100); do
  curl -s "$API/v1/search?q=alte" | grep -q bruecke && break
  sleep 0.1
done
"##;

#[test]
fn search_is_what_its_page_says() {
    walk("docs/search.md", 3, STOCK);
}

#[test]
fn every_line_of_the_guide_to_publishing_works() {
    walk(
        "docs/publishing.md",
        2,
        &format!("{STOCK}curl() {{ command curl -f \"$@\"; }}\n"),
    );
}

#[test]
fn every_line_of_the_guide_to_operating_works() {
    walk(
        "docs/operating.md",
        2,
        &format!("{STOCK}curl() {{ command curl -f \"$@\"; }}\n"),
    );
}

#[test]
fn a_pattern_fits_what_it_stands_for_and_nothing_else() {
    assert!(fits("{\"a\":1,…}", "{\"a\":1,\"b\":2}\n"));
    assert!(fits("…\"b\":2…", "{\"a\":1,\"b\":2}"));
    assert!(!fits("{\"a\":2,…}", "{\"a\":1,\"b\":2}"));
    assert!(!fits("304", "200"));
    assert!(!fits("…304", "3041"));
}
