//! Tests that the modules of `src/` import exactly what the table in `ARCHITECTURE.md` allows.
//!
//! The table is under the heading `## Modules`, one row per module: name, purpose, imports.

use crate::support::source_files;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// For each module, the modules that it imports, or the modules that it may import.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table. Each row has the name of a module and the imports that are allowed for
/// it.
fn rows() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (_, section) = text.split_once("\n## Modules\n").expect("a section `Modules`");
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    // The first two rows are the headings and the separator line.
    rows.skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
            let [module, _, imports] = cells[..] else {
                panic!("a row needs three cells: {row}");
            };
            let [module] = &names_in_code(module)[..] else {
                panic!("the first cell needs one name: {row}");
            };
            (module.clone(), names_in_code(imports).into_iter().collect())
        })
        .collect()
}

/// The texts between backticks.
fn names_in_code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The modules of `src/`, without the two roots of the crate. Each module is a folder or a file.
fn modules() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("src")).expect("src");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let modules = names.map(|name| name.trim_end_matches(".rs").to_owned());
    modules.filter(|name| name != "lib" && name != "main").collect()
}

/// The modules that a file names after `crate::`, in `use` lines and elsewhere. Comments do not
/// count.
fn imported_modules(source: &str) -> BTreeSet<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect();
    code.split("crate::").skip(1).flat_map(first_segments).collect()
}

/// The first segments of a path: `a` of `a::b::c`, `a` and `d` of `{a::{b, c}, d}`.
fn first_segments(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![leading_name(path)];
    };
    let mut names = vec![leading_name(group)];
    let mut depth = 1;
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(leading_name(&group[position + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    // If a group ends with a comma, no name follows the comma.
    names.retain(|name| !name.is_empty());
    names
}

fn leading_name(path: &str) -> String {
    let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
    path.trim_start().chars().take_while(is_part).collect()
}

#[test]
fn the_table_has_a_row_for_every_module_and_no_other_row() {
    let rows: BTreeSet<String> = rows().into_iter().map(|(module, _)| module).collect();
    assert_eq!(rows, modules(), "left: rows of ARCHITECTURE.md; right: modules of src/");
}

#[test]
fn every_import_is_allowed_and_every_allowed_import_is_used() {
    let (allowed, modules): (Imports, _) = (rows().into_iter().collect(), modules());
    let mut used: Imports = BTreeMap::new();
    let mut problems = Vec::new();
    for module in &modules {
        let folder = root().join("src").join(module);
        let mut files = Vec::new();
        if folder.is_dir() {
            source_files(&folder, &mut files);
        } else {
            files.push(folder.with_extension("rs"));
        }
        for file in files {
            let source = fs::read_to_string(&file).expect("UTF-8");
            for import in imported_modules(&source) {
                if import == *module || !modules.contains(&import) {
                    continue;
                }
                if !allowed.get(module).is_some_and(|imports| imports.contains(&import)) {
                    let file = file.strip_prefix(root()).expect("below the root").display();
                    problems.push(format!(
                        "{file} imports `{import}`: the row of `{module}` does not allow this import"
                    ));
                }
                used.entry(module.clone()).or_default().insert(import);
            }
        }
    }
    for (module, imports) in &allowed {
        let used = used.remove(module).unwrap_or_default();
        let unused = imports.difference(&used);
        problems.extend(
            unused.map(|import| format!("the row of `{module}` allows `{import}`, but the module does not import it")),
        );
    }
    assert!(
        problems.is_empty(),
        "see the table in ARCHITECTURE.md:\n{}",
        problems.join("\n")
    );
}

/// The order of the rows excludes cycles.
#[test]
fn every_row_allows_only_modules_of_rows_above_it() {
    let mut above = BTreeSet::new();
    for (module, imports) in rows() {
        let below: Vec<&String> = imports.difference(&above).collect();
        assert!(
            below.is_empty(),
            "the row of `{module}` allows {below:?}, but the rows of these modules are not above this row"
        );
        above.insert(module);
    }
}

/// `NAME` in a path stands for a file that does not exist yet.
#[test]
fn every_path_in_the_text_exists() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let is_path = |name: &String| {
        ["src/", "tests/", "docs/", "scenarios/"]
            .iter()
            .any(|folder| name.starts_with(folder))
    };
    let paths: Vec<String> = names_in_code(&text).into_iter().filter(is_path).collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let existing = match path.split_once("NAME") {
            Some((before, _)) => before.rsplit_once('/').map_or("", |(folder, _)| folder),
            None => &path,
        };
        assert!(
            root().join(existing).exists(),
            "ARCHITECTURE.md names `{path}`, which does not exist"
        );
    }
}

#[test]
fn paths_in_groups_are_found() {
    let source = "use crate::{a::{b, c}, d,\n e};\n// crate::comment\nlet x = crate::f::g(); $crate::h!();";
    assert_eq!(
        imported_modules(source),
        ["a", "d", "e", "f", "h"].map(str::to_owned).into()
    );
}
