//! Every write of the editors' side goes the way of `editing`.

/// A handler hands its operation to `edit.write`; the rest of the way is not its
/// business. Signing in is another matter.
#[test]
fn no_handler_opens_a_transaction_itself() {
    let mut files = Vec::new();
    super::rust_files(&super::file("src"), &mut files);
    let (mut seen, mut wrong) = (0, Vec::new());
    for path in files {
        let shown = path
            .strip_prefix(super::file(""))
            .unwrap()
            .display()
            .to_string();
        if !shown.contains("/routes") || shown.starts_with("src/auth/") {
            continue;
        }
        let source: String = std::fs::read_to_string(&path)
            .unwrap()
            .split_whitespace()
            .collect();
        seen += source.matches("edit.write(").count();
        for forbidden in ["state.write(", "state().write(", "write_blocking("] {
            if source.contains(forbidden) {
                wrong.push(format!("{shown}: {forbidden}…)"));
            }
        }
    }
    assert!(seen > 20, "only {seen} writes were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
