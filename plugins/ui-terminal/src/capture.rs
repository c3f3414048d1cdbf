//! Pictures of what was drawn: as text for the snapshots, as a sketch of the
//! styles, and as SVG for the documentation. A wide character stands once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

/// A cell in SVG units.
const WIDTH: f32 = 9.0;
const HEIGHT: f32 = 19.0;
/// Of a monospaced font whose advance is three fifths of its size.
const FONT: f32 = 15.0;
/// Where the letters stand in a cell.
const BASE: f32 = 14.0;
/// Around the screen.
const MARGIN: f32 = 14.0;

/// Those cells of a row in which something begins, with their columns and
/// widths.
fn row(buffer: &Buffer, y: u16) -> Vec<(u16, u16, &Cell)> {
    let area = buffer.area;
    let mut cells = Vec::new();
    let mut x = area.left();
    while x < area.right() {
        let cell = &buffer[(x, y)];
        let width = (Span::raw(cell.symbol()).width() as u16).max(1);
        cells.push((x, width, cell));
        x += width;
    }
    cells
}

/// The text of the rows, without spaces at their ends.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let line: String = row(buffer, y).iter().map(|(_, _, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A letter for the style of each cell, and what the letters mean.
pub(crate) fn sketch(buffer: &Buffer) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut legend = String::new();
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            let style = format!("{} on {} {:?}", cell.fg, cell.bg, cell.modifier);
            let next = char::from_u32(u32::from('a') + letters.len() as u32).unwrap();
            let letter = *letters.entry(style.clone()).or_insert_with(|| {
                writeln!(legend, "{next} {style}").unwrap();
                next
            });
            line.push(letter);
        }
        writeln!(text, "{line}").unwrap();
    }
    format!("{text}\n{legend}")
}

/// The colours of a terminal that has its own.
const SIXTEEN: [&str; 16] = [
    "#1d1f21", "#c4565a", "#8fa65c", "#d3a44c", "#6b90b8", "#a583b4", "#6fa9a4", "#c9cbc8",
    "#6c7074", "#e0787b", "#aec47e", "#ecc474", "#8fb1d6", "#c3a6d0", "#92c8c3", "#f3f4f2",
];

/// A colour as SVG names it; `reset` where the cell has none of its own.
fn colour(colour: Color, reset: &str) -> String {
    let number = match colour {
        Color::Rgb(red, green, blue) => return format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(number) => usize::from(number),
        Color::Reset => return reset.to_owned(),
    };
    SIXTEEN.get(number).unwrap_or(&reset).to_string()
}

/// How a cell looks in the end.
#[derive(PartialEq, Clone)]
struct Look {
    front: String,
    back: String,
    modifier: Modifier,
}

fn look(cell: &Cell) -> Look {
    let front = colour(cell.fg, SIXTEEN[7]);
    let back = colour(cell.bg, SIXTEEN[0]);
    let (front, back) = match cell.modifier.contains(Modifier::REVERSED) {
        true => (back, front),
        false => (front, back),
    };
    Look { front, back, modifier: cell.modifier - Modifier::REVERSED }
}

/// The screen as an SVG picture. Every character stands exactly in its cell,
/// whatever font it is shown in: runs of ASCII have their length set, all
/// others are placed one by one; lines and blocks are drawn.
pub(crate) fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (f32::from(buffer.area.width), f32::from(buffer.area.height));
    let (width, height) = (columns * WIDTH + 2.0 * MARGIN, rows * HEIGHT + 2.0 * MARGIN);
    let ground = look(&buffer[(buffer.area.left(), buffer.area.top())]).back;
    let mut svg = String::new();
    write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n\
         <clipPath id=\"all\"><rect x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{width}\" \
         height=\"{height}\" rx=\"10\"/></clipPath>\n<g clip-path=\"url(#all)\" \
         transform=\"translate({MARGIN} {MARGIN})\" font-family=\"'DejaVu Sans Mono', \
         Menlo, Consolas, 'Noto Sans Mono', monospace\" font-size=\"{FONT}\" \
         xml:space=\"preserve\">\n<rect x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{width}\" \
         height=\"{height}\" fill=\"{ground}\"/>\n",
        escaped(title)
    )
    .unwrap();
    let rows = buffer.area.top()..buffer.area.bottom();
    rows.clone().for_each(|y| backs(buffer, y, &ground, &mut svg));
    rows.for_each(|y| fronts(&row(buffer, y), y, &mut svg));
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The coloured grounds of a row; those at the edges go on in the margin.
fn backs(buffer: &Buffer, y: u16, ground: &str, svg: &mut String) {
    let (cells, area) = (row(buffer, y), buffer.area);
    for run in cells.chunk_by(|one, other| look(one.2).back == look(other.2).back) {
        let back = look(run[0].2).back;
        if back != ground {
            let columns: u16 = run.iter().map(|(_, width, _)| width).sum();
            let margin = |is_edge: bool| if is_edge { MARGIN } else { 0.0 };
            let (first, behind) = (run[0].0, run[0].0 + columns);
            let x = f32::from(first) * WIDTH - margin(first == area.left());
            let right = f32::from(behind) * WIDTH + margin(behind == area.right());
            let top = f32::from(y) * HEIGHT - margin(y == area.top());
            let bottom = f32::from(y + 1) * HEIGHT + margin(y + 1 == area.bottom());
            let (width, height) = (right - x, bottom - top);
            writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{back}\"/>"
            )
            .unwrap();
        }
    }
}

/// What stands on them.
fn fronts(cells: &[(u16, u16, &Cell)], y: u16, svg: &mut String) {
    let plain = |cell: &Cell| cell.symbol().is_ascii() && cell.symbol() != " ";
    let same = |one: &(u16, u16, &Cell), other: &(u16, u16, &Cell)| {
        plain(one.2) && plain(other.2) && look(one.2) == look(other.2)
    };
    for run in cells.chunk_by(same) {
        let (column, width, cell) = run[0];
        let underlined = cell.modifier.contains(Modifier::UNDERLINED);
        if cell.symbol() == " " && !underlined {
            continue;
        }
        let look = look(cell);
        let (x, top) = (f32::from(column) * WIDTH, f32::from(y) * HEIGHT);
        let width = if run.len() > 1 { run.len() as f32 } else { f32::from(width) } * WIDTH;
        if underlined {
            let y = top + BASE + 2.5;
            writeln!(svg, "<path d=\"M{x} {y}h{width}\" stroke=\"{}\"/>", look.front).unwrap();
        }
        if let Some(drawn) = block(cell.symbol(), x, top).or_else(|| lines(cell.symbol(), x, top)) {
            writeln!(svg, "{}", drawn.replace("COLOUR", &look.front)).unwrap();
            continue;
        }
        let text: String = run.iter().map(|(_, _, cell)| cell.symbol()).collect();
        let mut more = String::new();
        for (modifier, attribute) in [
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::DIM, " opacity=\"0.65\""),
            (Modifier::CROSSED_OUT, " text-decoration=\"line-through\""),
        ] {
            if look.modifier.contains(modifier) {
                more.push_str(attribute);
            }
        }
        let y = top + BASE;
        match text.is_ascii() {
            true if text.len() > 1 => write!(more, " x=\"{x}\" textLength=\"{width}\"").unwrap(),
            true => write!(more, " x=\"{x}\"").unwrap(),
            false => {
                write!(more, " x=\"{}\" text-anchor=\"middle\"", x + width / 2.0).unwrap();
            }
        }
        let (front, text) = (look.front, escaped(&text));
        writeln!(svg, "<text y=\"{y}\" fill=\"{front}\"{more}>{text}</text>").unwrap();
    }
}

/// Blocks fill their part of the cell without a gap.
fn block(symbol: &str, x: f32, y: f32) -> Option<String> {
    let (left, top, width, height) = match symbol {
        "█" => (0.0, 0.0, 1.0, 1.0),
        "▀" => (0.0, 0.0, 1.0, 0.5),
        "▄" => (0.0, 0.5, 1.0, 0.5),
        "▌" => (0.0, 0.0, 0.5, 1.0),
        "▐" => (0.5, 0.0, 0.5, 1.0),
        "▎" => (0.0, 0.0, 0.25, 1.0),
        "▏" => (0.0, 0.0, 0.125, 1.0),
        "▕" => (0.875, 0.0, 0.125, 1.0),
        "▁" => (0.0, 0.875, 1.0, 0.125),
        "▔" => (0.0, 0.0, 1.0, 0.125),
        _ => return None,
    };
    Some(format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"COLOUR\" \
         shape-rendering=\"crispEdges\"/>",
        x + left * WIDTH,
        y + top * HEIGHT,
        width * WIDTH,
        height * HEIGHT
    ))
}

/// Lines of frames meet.
fn lines(symbol: &str, x: f32, y: f32) -> Option<String> {
    let (left, middle, right) = (x, x + WIDTH / 2.0, x + WIDTH);
    let (top, centre, bottom) = (y, y + HEIGHT / 2.0, y + HEIGHT);
    let path = match symbol {
        "─" => format!("M{left} {centre}H{right}"),
        "│" => format!("M{middle} {top}V{bottom}"),
        "╭" => format!("M{middle} {bottom}Q{middle} {centre} {right} {centre}"),
        "╮" => format!("M{middle} {bottom}Q{middle} {centre} {left} {centre}"),
        "╰" => format!("M{middle} {top}Q{middle} {centre} {right} {centre}"),
        "╯" => format!("M{middle} {top}Q{middle} {centre} {left} {centre}"),
        "┌" => format!("M{middle} {bottom}V{centre}H{right}"),
        "┐" => format!("M{middle} {bottom}V{centre}H{left}"),
        "└" => format!("M{middle} {top}V{centre}H{right}"),
        "┘" => format!("M{middle} {top}V{centre}H{left}"),
        "├" => format!("M{middle} {top}V{bottom}M{middle} {centre}H{right}"),
        "┤" => format!("M{middle} {top}V{bottom}M{middle} {centre}H{left}"),
        "┬" => format!("M{left} {centre}H{right}M{middle} {centre}V{bottom}"),
        "┴" => format!("M{left} {centre}H{right}M{middle} {centre}V{top}"),
        "┼" => format!("M{left} {centre}H{right}M{middle} {top}V{bottom}"),
        "╌" | "┄" => {
            format!("M{} {centre}h{}m{} 0h{}", left + 1.0, 2.5, 2.0, 2.5)
        }
        _ => return None,
    };
    Some(format!("<path d=\"{path}\" fill=\"none\" stroke=\"COLOUR\"/>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Compares a picture with the one in `docs/terminal`, or puts it there when
/// `RAMSON_UPDATE_DOCS=1`.
pub(crate) fn documented(name: &str, svg: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/terminal");
    let file = folder.join(format!("{name}.svg"));
    if std::env::var_os("RAMSON_UPDATE_DOCS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, svg).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == svg,
        "docs/terminal/{name}.svg shows something else; run the tests with RAMSON_UPDATE_DOCS=1 \
         and look at it"
    );
}
