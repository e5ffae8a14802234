//! The syntax tree of a text as HTML.

use comrak::nodes::{ListType, Node, NodeCodeBlock, NodeLink, NodeList, NodeValue::*, TableAlignment};

use super::{
    link, mention,
    writer::{Result, Unrenderable, Writer},
};
use crate::domain::Mentions;

/// Most quotes, items of lists, links and emphases around a text.
const MAX_DEPTH: usize = 16;
/// Longest name of a code block's language, in characters.
const LANGUAGE_CHARS: usize = 32;

/// The HTML of the document, and whether it is one paragraph, without an element of its own.
///
/// # Errors
/// [`Unrenderable`].
pub(super) fn html(document: Node<'_>, mentions: &Mentions) -> Result<(String, bool)> {
    let mut tree = Tree { out: Writer::default(), mentions, depth: 0, is_in_link: false };
    let is_inline = match (document.first_child(), document.last_child()) {
        (Some(first), Some(last)) if first.same_node(last) => match &first.data().value {
            Paragraph => tree.children(first).map(|()| true)?,
            HtmlBlock(html) => tree.lines(&html.literal).map(|()| true)?,
            _ => tree.node(first).map(|()| false)?,
        },
        _ => tree.children(document).map(|()| false)?,
    };
    Ok((tree.out.finish()?, is_inline))
}

struct Tree<'m> {
    out: Writer,
    mentions: &'m Mentions,
    /// How many containers are around the node.
    depth: usize,
    is_in_link: bool,
}

impl Tree<'_> {
    fn node(&mut self, node: Node<'_>) -> Result {
        match &node.data().value {
            Paragraph if is_in_tight_list(node) => {
                if node.previous_sibling().is_some() {
                    self.out.line()?;
                }
                self.children(node)
            }
            Paragraph => self.block("<p>", node, "</p>"),
            HtmlBlock(html) => {
                self.out.line()?;
                self.out.raw("<p>")?;
                self.lines(html.literal.trim_end())?;
                self.out.raw("</p>")
            }
            // a page has one <h1>
            Heading(_) => self.block("<p class=\"heading\"><strong>", node, "</strong></p>"),
            BlockQuote => self.nested(|tree| tree.block("<blockquote dir=\"auto\">", node, "</blockquote>")),
            CodeBlock(code) => self.code_block(code),
            ThematicBreak => self.out.line().and_then(|()| self.out.raw("<hr>")),
            List(list) => self.list(list, node),
            Item(_) => self.nested(|tree| tree.block("<li>", node, "</li>")),
            TaskItem(task) => {
                let start = if task.symbol.is_some() { "<li class=\"task\">☑ " } else { "<li class=\"task\">☐ " };
                self.nested(|tree| tree.block(start, node, "</li>"))
            }
            Table(table) => self.table(&table.alignments, node),
            Text(text) => self.text(text),
            HtmlInline(html) => self.lines(html),
            ShortCode(emoji) => self.out.text(&emoji.emoji),
            SoftBreak | LineBreak => self.out.raw("<br>\n"),
            Code(code) => self.code("<code>", &code.literal, "</code>"),
            Emph => self.inline("<em>", node, "</em>"),
            Strong => self.inline("<strong>", node, "</strong>"),
            Strikethrough => self.inline("<del>", node, "</del>"),
            Link(target) | Image(target) => self.nested(|tree| tree.link(target, node)),
            _ => self.children(node),
        }
    }

    fn children(&mut self, node: Node<'_>) -> Result {
        node.children().try_for_each(|child| self.node(child))
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result) -> Result {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unrenderable);
        }
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn block(&mut self, start: &str, node: Node<'_>, end: &str) -> Result {
        self.out.line()?;
        self.out.raw(start)?;
        self.children(node)?;
        self.out.raw(end)
    }

    fn inline(&mut self, start: &str, node: Node<'_>, end: &str) -> Result {
        self.nested(|tree| {
            tree.out.raw(start)?;
            tree.children(node)?;
            tree.out.raw(end)
        })
    }

    fn list(&mut self, list: &NodeList, node: Node<'_>) -> Result {
        match (list.list_type, list.start) {
            (ListType::Bullet, _) => self.block("<ul dir=\"auto\">", node, "\n</ul>"),
            (ListType::Ordered, 1) => self.block("<ol dir=\"auto\">", node, "\n</ol>"),
            (ListType::Ordered, start) => self.block(&format!("<ol dir=\"auto\" start=\"{start}\">"), node, "\n</ol>"),
        }
    }

    fn code(&mut self, start: &str, code: &str, end: &str) -> Result {
        self.out.raw(start)?;
        self.out.text(code)?;
        self.out.raw(end)
    }

    fn code_block(&mut self, block: &NodeCodeBlock) -> Result {
        self.out.line()?;
        let name = block.info.split_whitespace().next().filter(|name| is_language(name));
        let class = name.map(|name| format!(" class=\"language-{name}\"")).unwrap_or_default();
        // it can scroll: a keyboard alone has to reach it
        self.code(&format!("<pre tabindex=\"0\"><code{class}>"), &block.literal, "</code></pre>")
    }

    /// The rows, the first of which is the head. The element around the table can scroll, also by the keyboard.
    fn table(&mut self, alignments: &[TableAlignment], node: Node<'_>) -> Result {
        self.out.line()?;
        self.out.raw("<div class=\"table\" tabindex=\"0\"><table>")?;
        for (index, row) in node.children().enumerate() {
            self.out.raw(["\n<thead>", "\n<tbody>", ""][index.min(2)])?;
            self.out.raw("\n<tr>")?;
            for (cell, alignment) in row.children().zip(alignments) {
                self.cell(if index == 0 { "th" } else { "td" }, *alignment, cell)?;
            }
            self.out.raw(if index == 0 { "\n</tr>\n</thead>" } else { "\n</tr>" })?;
        }
        let has_body = node.children().nth(1).is_some();
        self.out.raw(if has_body { "\n</tbody>\n</table></div>" } else { "\n</table></div>" })
    }

    fn cell(&mut self, name: &str, alignment: TableAlignment, node: Node<'_>) -> Result {
        let class = match alignment {
            TableAlignment::None | TableAlignment::Left => "",
            TableAlignment::Center => " class=\"center\"",
            TableAlignment::Right => " class=\"right\"",
        };
        self.block(&format!("<{name}{class}>"), node, &format!("</{name}>"))
    }

    /// A link or an image, which is a link, too: a page loads nothing from elsewhere. Without text it shows its address.
    fn link(&mut self, target: &NodeLink, node: Node<'_>) -> Result {
        let address = if self.is_in_link { None } else { link::allowed(&target.url) };
        let is_link = address.is_some();
        if let Some(address) = address {
            self.out.raw("<a")?;
            self.out.attribute("href", &address)?;
            self.out.raw(" rel=\"noopener nofollow ugc\" target=\"_blank\">")?;
        }
        let was_in_link = std::mem::replace(&mut self.is_in_link, true);
        let had_text = self.out.take_has_text(); // to know whether its children write any
        self.children(node)?;
        if !self.out.has_text() {
            self.out.text(&target.url)?;
        }
        self.out.add_has_text(had_text);
        self.is_in_link = was_in_link;
        if is_link { self.out.raw("</a>") } else { Ok(()) }
    }

    /// Text that may have line breaks.
    fn lines(&mut self, text: &str) -> Result {
        for (index, line) in text.trim_end().split('\n').enumerate() {
            if index > 0 {
                self.out.raw("<br>\n")?;
            }
            self.text(line)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result {
        if self.is_in_link { self.out.text(text) } else { mention::text(&mut self.out, text, self.mentions) }
    }
}

/// Whether the paragraph is the text of an item in a list without blank lines.
fn is_in_tight_list(paragraph: Node<'_>) -> bool {
    let list = paragraph.parent().and_then(comrak::arena_tree::Node::parent);
    list.is_some_and(|list| matches!(&list.data().value, List(NodeList { tight: true, .. })))
}

fn is_language(name: &str) -> bool {
    name.len() <= LANGUAGE_CHARS && name.chars().all(|c| c.is_ascii_alphanumeric() || "+#-".contains(c))
}
