//! The page as text.

use std::fmt::{self, Write};

use crate::status::{NodeStatus, Status};

const STYLE: &str = include_str!("style.css");
const REFRESH: &str = include_str!("refresh.js");

/// Text that is shown as it is, whatever stands in it.
struct Text<T>(T);

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match letter {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                letter => self.0.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// The page; `nonce` marks its own style and script.
pub(super) fn page(status: &Status, nonce: &str) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, status, nonce);
    page
}

fn write(page: &mut String, status: &Status, nonce: &str) -> fmt::Result {
    let name = Text(&status.network);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n\
         <title>{name} · local network</title>\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n"
    )?;
    head(page, status)?;
    page.push_str("<section class=\"swarms\">\n");
    for swarm in &status.swarms {
        let title = format!("Swarm {}", swarm.swarm);
        let members = status.nodes.iter().filter(|node| node.swarm == Some(swarm.swarm));
        self::swarm(page, &title, &swarm.id, members)?;
    }
    if status.nodes.iter().any(|node| node.swarm.is_none()) {
        let others = status.nodes.iter().filter(|node| node.swarm.is_none());
        swarm(page, "In no swarm", "", others)?;
    }
    page.push_str("</section>\n<section class=\"columns\">\n");
    faults(page, status)?;
    names(page, status)?;
    files(page, status)?;
    page.push_str("</section>\n");
    recent(page, status)?;
    write!(page, "</main>\n<script nonce=\"{nonce}\">\n{REFRESH}</script>\n</body>\n</html>\n")
}

fn head(page: &mut String, status: &Status) -> fmt::Result {
    let up = status.nodes.iter().filter(|node| node.up).count();
    let messages: usize = status.nodes.iter().map(|node| node.messages).sum();
    writeln!(
        page,
        "<header>\n<div><h1>{}</h1><p>local network · seed <code>{}</code> · up for {}</p></div>",
        Text(&status.network),
        Text(&status.seed),
        Text(duration(status.up_seconds)),
    )?;
    writeln!(page, "<div class=\"rate\">{}</div>\n</header>", Spark(&status.last_minute))?;
    let all = status.nodes.len();
    let on = status.faults.iter().filter(|rule| rule.on).count();
    page.push_str("<section class=\"figures\">\n");
    for (figure, label) in [
        (format!("{up} of {all}"), "nodes up"),
        (format!("{:.1}", status.requests_per_second), "requests a second"),
        (messages.to_string(), "copies of messages held"),
        (status.file_server.as_ref().map_or(0, |server| server.files).to_string(), "files"),
        (status.names.len().to_string(), "names"),
        (format!("{on} of {}", status.faults.len()), "fault rules in force"),
    ] {
        writeln!(page, "<div><b>{}</b><span>{label}</span></div>", Text(figure))?;
    }
    page.push_str("</section>\n");
    Ok(())
}

fn swarm<'a>(
    page: &mut String,
    title: &str,
    id: &str,
    nodes: impl Iterator<Item = &'a NodeStatus>,
) -> fmt::Result {
    let mut rows = String::new();
    for node in nodes {
        let (class, state) = match (node.up, node.stopped) {
            (true, _) if node.faults.is_empty() => ("up", "up"),
            (true, _) => ("ill", "up, with faults"),
            (false, true) => ("down", "stopped"),
            (false, false) => ("down", "down"),
        };
        write!(
            rows,
            "<tr class=\"{class}\"><th scope=\"row\"><i role=\"img\" aria-label=\"{state}\" \
             title=\"{state}\"></i>{}</th><td class=\"text\" title=\"{}\"><code>{}</code></td>",
            node.node,
            Text(&node.key),
            Text(&node.address),
        )?;
        for number in
            [node.messages as u64, node.requests, node.calls, node.misdirected, node.errors]
        {
            let class = if number == 0 { " class=\"zero\"" } else { "" };
            write!(rows, "<td{class}>{number}</td>")?;
        }
        rows.push_str("</tr>\n");
        let state = Some(state).filter(|state| class == "down" && !state.is_empty());
        if state.is_some() || !node.faults.is_empty() {
            rows.push_str("<tr class=\"badges\"><td></td><td colspan=\"6\" class=\"text\">");
            if let Some(state) = state {
                write!(rows, "<span class=\"badge off\">{state}</span>")?;
            }
            for fault in &node.faults {
                write!(rows, "<span class=\"badge\">{}</span>", Text(fault))?;
            }
            rows.push_str("</td></tr>\n");
        }
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=\"7\" class=\"text none\">no nodes; its accounts are held by the swarms beside it</td></tr>\n");
    }
    writeln!(
        page,
        "<article><h2>{} <small>{}</small></h2>\n<div class=\"wide\"><table>\n<thead><tr>\
         <th scope=\"col\">node</th><th scope=\"col\" class=\"text\">address</th>\
         <th scope=\"col\" title=\"messages held\">held</th>\
         <th scope=\"col\" title=\"requests of clients, over HTTP\">requests</th>\
         <th scope=\"col\" title=\"calls of other nodes\">calls</th>\
         <th scope=\"col\" title=\"421: the account is of another swarm\">421</th>\
         <th scope=\"col\" title=\"other answers that tell of something wrong, and faults that struck\">errors</th>\
         </tr></thead>\n<tbody>\n{rows}</tbody></table></div></article>",
        Text(title),
        Text(id),
    )
}

fn faults(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<article><h2>Faults</h2>\n");
    if status.faults.is_empty() {
        page.push_str(
            "<p class=\"none\">none; <code>ramson localnet faults FILE</code> scripts some</p>\n",
        );
    } else {
        page.push_str("<ul>\n");
        for rule in &status.faults {
            let class = if rule.on { "on" } else { "off" };
            write!(
                page,
                "<li class=\"{class}\"><span class=\"badge {class}\">{}</span>",
                Text(&rule.fault)
            )?;
            if let Some(name) = &rule.name {
                write!(page, " {}", Text(name))?;
            }
            write!(page, " <small>{}</small>", Text(&rule.about))?;
            if rule.struck > 0 {
                write!(page, " <small>struck {}</small>", rule.struck)?;
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</article>\n");
    Ok(())
}

fn names(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<article><h2>Names</h2>\n");
    if status.names.is_empty() {
        page.push_str(
            "<p class=\"none\">none; <code>ramson localnet name NAME ID</code> registers one</p>\n",
        );
    } else {
        page.push_str("<ul>\n");
        for name in &status.names {
            writeln!(
                page,
                "<li><b>{}</b> <code class=\"long\">{}</code></li>",
                Text(&name.name),
                Text(&name.id)
            )?;
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</article>\n");
    Ok(())
}

fn files(page: &mut String, status: &Status) -> fmt::Result {
    let Some(server) = &status.file_server else { return Ok(()) };
    writeln!(
        page,
        "<article><h2>File server</h2>\n<p><code>{}</code></p>\n<p>{} files, {} bytes</p>\n\
         <p><small>key</small> <code class=\"long\">{}</code></p>\n</article>",
        Text(&server.url),
        server.files,
        server.bytes,
        Text(&server.public_key),
    )
}

fn recent(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<article class=\"recent\"><h2>What went wrong lately</h2>\n");
    if status.recent.is_empty() {
        page.push_str("<p class=\"none\">nothing</p>\n");
    } else {
        page.push_str("<div class=\"wide\"><table>\n<tbody>\n");
        for trouble in &status.recent {
            let ago = duration(status.time.saturating_sub(trouble.at) / 1000);
            write!(
                page,
                "<tr><td class=\"when\">{} ago</td><td class=\"text\">{}</td><td class=\"text what\">{}",
                Text(ago),
                Text(&trouble.who),
                Text(&trouble.what),
            )?;
            if trouble.times > 1 {
                write!(page, " <small>× {}</small>", trouble.times)?;
            }
            page.push_str("</td></tr>\n");
        }
        page.push_str("</tbody></table></div>\n");
    }
    page.push_str("</article>\n");
    Ok(())
}

/// Requests in each second of the last minute.
struct Spark<'a>(&'a [u32]);

impl fmt::Display for Spark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: usize = 60;
        let most = self.0.iter().copied().max().unwrap_or(0);
        write!(
            f,
            "<svg viewBox=\"0 0 {WIDTH} 20\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"requests in the last minute, at most {most} a second\">"
        )?;
        let left = WIDTH.saturating_sub(self.0.len());
        for (count, at) in self.0.iter().zip(left..) {
            if let Some(height) = (count * 20).checked_div(most).filter(|height| *height > 0) {
                write!(
                    f,
                    "<rect x=\"{at}.1\" width=\"0.8\" y=\"{}\" height=\"{height}\"/>",
                    20 - height.min(20)
                )?;
            }
        }
        write!(f, "</svg><span>last minute, at most {most} a second</span>")
    }
}

/// A time as people say it.
fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
