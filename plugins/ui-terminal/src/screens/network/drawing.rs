//! Paths as a row of stations: from the user over three nodes to the swarm.

use ramson_wire::{Hop, Network, Path};
use ratatui::text::{Line, Span};

use super::super::parts::{fitted, padded};
use crate::screen::Cx;

/// A path needs so many columns to lie on its side.
const WIDE: usize = 70;

/// Letters of a key by which a node is called.
const KEY: usize = 4;

/// A node's key, as short as people say it.
pub(super) fn short(key: &str) -> String {
    key.chars().take(KEY).collect()
}

/// A node's address without the port; it is the same for nearly all.
pub(super) fn host(hop: &Hop) -> String {
    let address = hop.address.as_deref().unwrap_or("address unknown");
    address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned()
}

/// A place on a path: what it is called, and two lines about it.
struct Station {
    name: &'static str,
    key: String,
    host: String,
    node: bool,
}

fn stations(path: &Path, cx: &Cx) -> Vec<Station> {
    let names = ["guard", "relay", "exit"].into_iter().chain(std::iter::repeat("relay"));
    let own = |name, key: String| Station { name, key, host: String::new(), node: false };
    let account = cx.model.own().and_then(|account| account.name.clone());
    let mut all = vec![own("you", fitted(&account.unwrap_or_default(), 12, cx))];
    all.extend(path.hops.iter().zip(names).map(|(hop, name)| Station {
        name,
        key: short(&hop.key),
        host: host(hop),
        node: true,
    }));
    all.push(own("any swarm", String::new()));
    all
}

/// All paths, and those that are missing.
pub(super) fn paths(network: &Network, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for path in &network.paths {
        let stations = stations(path, cx);
        match columns >= WIDE {
            true => across(&stations, columns, cx, &mut lines),
            false => down(&stations, columns, cx, &mut lines),
        }
        lines.push(Line::raw(""));
    }
    if network.paths.is_empty() {
        let text = "No path is ready. What you write waits until one is.";
        lines.push(Line::styled(fitted(text, columns, cx), cx.theme.warn()));
        lines.push(Line::raw(""));
    }
    lines
}

/// A path from left to right.
fn across(stations: &[Station], columns: usize, cx: &Cx, lines: &mut Vec<Line<'static>>) {
    let width = columns.checked_div(stations.len()).unwrap_or(columns).min(20);
    let (mut marks, mut names, mut keys, mut hosts) =
        (Line::default(), Line::default(), Line::default(), Line::default());
    for (number, station) in stations.iter().enumerate() {
        let is_last = number.saturating_add(1) == stations.len();
        let (mark, style) = match station.node {
            true => ("●", cx.theme.accent()),
            false => ("○", cx.theme.text()),
        };
        marks.push_span(Span::styled(mark, style));
        if !is_last {
            let rail = "─".repeat(width.saturating_sub(3));
            marks.push_span(Span::styled(format!(" {rail} "), cx.theme.line()));
        }
        let cell = |text: &str| padded(&fitted(text, width.saturating_sub(1), cx), width);
        names.push_span(Span::styled(cell(station.name), cx.theme.dim()));
        keys.push_span(Span::styled(cell(&station.key), cx.theme.text()));
        hosts.push_span(Span::styled(cell(&station.host), cx.theme.dim()));
    }
    lines.extend([marks, names, keys, hosts]);
}

/// A path from above to below.
fn down(stations: &[Station], columns: usize, cx: &Cx, lines: &mut Vec<Line<'static>>) {
    for (number, station) in stations.iter().enumerate() {
        let (mark, style) = match station.node {
            true => ("● ", cx.theme.accent()),
            false => ("○ ", cx.theme.text()),
        };
        let host = fitted(&station.host, columns.saturating_sub(20), cx);
        lines.push(Line::from(vec![
            Span::styled(mark, style),
            Span::styled(padded(station.name, 11), cx.theme.dim()),
            Span::styled(padded(&station.key, 6), cx.theme.text()),
            Span::styled(host, cx.theme.dim()),
        ]));
        if number.saturating_add(1) < stations.len() {
            lines.push(Line::styled("│", cx.theme.line()));
        }
    }
}
