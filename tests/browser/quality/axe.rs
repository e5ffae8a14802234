//! axe-core in a page.

use std::{fs, process::Command};

use serde::Deserialize;

use crate::support::Person;

/// Which rules are checked.
#[derive(Debug, Clone, Copy)]
pub enum Rules {
    /// WCAG 2.2 AA, and best practices.
    All,
    /// Those of them that look at colours.
    OfColors,
}

impl Rules {
    fn options(self) -> &'static str {
        match self {
            Self::All => "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']",
            Self::OfColors => "['color-contrast', 'link-in-text-block']",
        }
    }
}

#[derive(Deserialize)]
struct Violation {
    id: String,
    help: String,
    /// The selector and the HTML of each element.
    nodes: Vec<[String; 2]>,
}

/// The source of axe-core.
pub struct Axe(String);

impl Axe {
    pub fn load() -> Self {
        Self(fs::read_to_string(checker("axe")).unwrap())
    }

    /// The elements of the present page that break a rule, a line each.
    pub async fn check(&self, person: &Person, rules: Rules) -> Vec<String> {
        // a script of the driver is not subject to the page's CSP
        if !person.runs::<bool>("return !!window.axe").await {
            let _: bool = person.runs(&format!("{}\nwindow.axe = axe; return true", self.0)).await;
        }
        let run = format!(
            "return axe.run(document, {{ runOnly: {}, resultTypes: ['violations'] }})
                 .then(({{ violations }}) => violations.map(({{ id, help, nodes }}) =>
                     ({{ id, help, nodes: nodes.map(({{ target, html }}) => [target.join(' '), html.slice(0, 200).replace(/\\s+/g, ' ')]) }})))",
            rules.options()
        );
        let found: Vec<Violation> = person.runs(&run).await;
        let lines = |Violation { id, help, nodes }: Violation| {
            nodes.into_iter().map(move |[target, html]| format!("{id} ({help}) at {target}: {html}"))
        };
        found.into_iter().flat_map(lines).collect()
    }
}

/// The path of a checker: tests/checkers downloads it.
pub fn checker(name: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checkers");
    let output = Command::new(script).arg(name).output().unwrap();
    assert!(output.status.success(), "tests/checkers {name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
