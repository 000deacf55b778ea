//! The parts of Markdown that the checks need: fenced blocks, prose, headings and table cells.

/// A fenced block of a page.
pub(super) struct Fence {
    /// The word after the opening fence.
    pub(super) language: String,
    /// The number of its first line in the page, counted from one.
    pub(super) line: usize,
    /// Its content.
    pub(super) text: String,
}

/// A page, with its fenced blocks separated from its prose.
pub(super) struct Page {
    /// The fenced blocks, in order.
    pub(super) fences: Vec<Fence>,
    /// The lines outside of fences, with their numbers.
    pub(super) prose: Vec<(usize, String)>,
}

/// Reads a page.
pub(super) fn parse(text: &str) -> Page {
    let (mut fences, mut prose) = (Vec::new(), Vec::new());
    let mut open: Option<(String, Fence)> = None;
    for (at, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        match open.take() {
            Some((fence, block)) if bare.trim_end() == fence => fences.push(block),
            Some((fence, mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some((fence, block));
            }
            None if bare.starts_with("```") => {
                let language = bare.trim_start_matches('`');
                let fence = bare[..bare.len() - language.len()].to_owned();
                let block = Fence {
                    language: language.trim().to_owned(),
                    line: at + 2,
                    text: String::new(),
                };
                open = Some((fence, block));
            }
            None => prose.push((at + 1, line.to_owned())),
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    Page { fences, prose }
}

/// The code spans of a line of prose, and the line without them.
pub(super) fn code_spans(line: &str) -> (Vec<&str>, String) {
    let (mut spans, mut rest) = (Vec::new(), String::new());
    for (at, part) in line.split('`').enumerate() {
        if at % 2 == 1 {
            spans.push(part);
        } else {
            rest.push_str(part);
        }
    }
    (spans, rest)
}

/// The anchors of a page: those of its headings, as GitHub makes them, and `id="…"` in HTML.
pub(super) fn anchors(page: &Page) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in &page.prose {
        let ids = line.split("id=\"").skip(1);
        anchors.extend(ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let title = title.trim().to_lowercase().replace(' ', "-");
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let anchor: String = title.chars().filter(kept).collect();
        let earlier = anchors.iter().filter(|it| **it == anchor).count();
        anchors.push(match earlier {
            0 => anchor,
            n => format!("{anchor}-{n}"),
        });
    }
    anchors
}

/// Keys of sources, each with a link to what it stands for.
pub(super) fn sources(keys: &[String]) -> String {
    let link = |key: &String| format!("[`{key}`](api/README.md#source-{key})");
    keys.iter().map(link).collect::<Vec<_>>().join(", ")
}

/// A text as the cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn fences_and_prose_are_told_apart() {
    let page = parse(
        "# A b, `c`\n<a id=\"own\"></a>\n```sh\nls # no heading\n```\n# A b, `c`\n````md\n```\n````\n",
    );
    let languages: Vec<_> = page.fences.iter().map(|it| it.language.as_str()).collect();
    assert_eq!(languages, ["sh", "md"]);
    assert_eq!(page.fences[0].text, "ls # no heading\n");
    assert_eq!(page.fences[0].line, 4);
    assert_eq!(page.fences[1].text, "```\n");
    assert_eq!(anchors(&page), ["a-b-c", "own", "a-b-c-1"]);
    assert_eq!(code_spans("a `b` c").0, ["b"]);
}
