//! Draws the bars as an SVG picture that is readable on light and dark pages.

use std::fmt::Write;

use crate::report::{Bar, Kind};

const ROW: usize = 28;
const TOP: usize = 44;
const LEFT: usize = 300;
/// Width of a bar with the ratio 1.
const FULL: f64 = 360.0;
const WIDTH: usize = 740;

const STYLE: &str = "text { font: 14px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } \
    .portero { fill: #0969da } .other { fill: #8c959f } line { stroke: #8c959f } \
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .portero { fill: #58a6ff } .other { fill: #6e7681 } \
    line { stroke: #6e7681 } }";

pub(crate) fn draw(bars: &[&Bar]) -> String {
    let height = TOP + ROW * bars.len() + 12;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"title\">\n<title id=\"title\">{TITLE}</title>\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"12\" y=\"24\">{TITLE}</text>\n"
    );
    for (number, bar) in bars.iter().enumerate() {
        let top = TOP + ROW * number;
        let class = match bar.kind {
            Kind::Portero => "portero",
            Kind::Other => "other",
        };
        let width = (bar.ratio * FULL).clamp(1.0, FULL * 1.1);
        let (label, middle, after) = (LEFT - 10, top + 16, LEFT as f64 + width + 6.0);
        // Writing to a String can't fail.
        let _ = writeln!(
            svg,
            "<text x=\"{label}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{top}\" width=\"{width:.0}\" height=\"{}\" rx=\"2\"/>\
             <text x=\"{after:.0}\" y=\"{middle}\">{:.2}</text>",
            escaped(&bar.name),
            ROW - 6,
            bar.ratio
        );
    }
    let full = LEFT as f64 + FULL;
    let _ = writeln!(
        svg,
        "<line x1=\"{full}\" y1=\"{}\" x2=\"{full}\" y2=\"{}\" stroke-dasharray=\"3 3\"/>\n</svg>",
        TOP - 6,
        height - 8
    );
    svg
}

const TITLE: &str = "Requests per second, as a share of a server that does nothing but answer";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
