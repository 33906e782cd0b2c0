//! The picture as SVG: columns from the consumers on the left to the brokers on the right. What belongs to a port
//! stands in one line: its number in the load balancer, and the broker that it leads to.

use std::fmt::Write;

use super::{Broker, Consumer, Diagram, State, Zone};

/// Height of a line of text.
const LINE: u32 = 22;
/// Between boxes, and from a box to what is in it.
const GAP: u32 = 14;
/// Above all columns: the title.
const TOP: u32 = 64;
/// Width of a character of the fonts in use: what is longer than its box is cut, and whole in its tooltip.
const CHARACTER: u32 = 7;

/// Columns: where each begins, and how wide it is.
const CONSUMERS: (u32, u32) = (20, 260);
const SERVICE: (u32, u32) = (330, 430);
const VPC: (u32, u32) = (800, 1040);
const BALANCER: (u32, u32) = (820, 330);
/// The line that all bootstraps lead to, and from which every zone is reached.
const BUS: u32 = 1185;
const ZONES: (u32, u32) = (1210, 610);

const STYLE: &str = "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}\
.title{font:600 16px system-ui,sans-serif}.head{font-weight:600}.faint{fill:#57606a}\
rect{fill:#fff;stroke:#8c959f}.frame{fill:none;stroke-dasharray:6 4}.zone{fill:#f6f8fa}\
path{fill:none;stroke:#57606a}.bootstrap{stroke-dasharray:3 3}\
.works{stroke:#1a7f37;fill:#1a7f37}.trouble{stroke:#c0392b;fill:#c0392b}path.works,path.trouble{fill:none}\
text.works,text.trouble{stroke:none}rect.trouble{fill:#fff;stroke-width:2}\
@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}.faint{fill:#8b949e}rect,rect.trouble{fill:#161b22}\
.zone{fill:#0d1117}.frame{fill:none}text.works{fill:#3fb950}text.trouble{fill:#ff7b72}}";

/// What is drawn so far.
#[derive(Default)]
struct Canvas {
    body: String,
}

impl Canvas {
    fn rect(&mut self, class: &str, (x, width): (u32, u32), y: u32, height: u32) {
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
    }

    /// A line of text, cut to a width; its base line lies at `y`.
    fn text(&mut self, class: &str, (x, width): (u32, u32), y: u32, text: &str) {
        let most = usize::try_from(width / CHARACTER).unwrap_or(usize::MAX);
        let whole = escaped(text);
        let (shown, title) = if text.chars().count() > most {
            let cut: String = text.chars().take(most.saturating_sub(1)).collect();
            (escaped(&cut) + "…", format!("<title>{whole}</title>"))
        } else {
            (whole, String::new())
        };
        self.put(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{shown}{title}</text>"));
    }

    fn path(&mut self, class: &str, way: &str) {
        self.put(format_args!("<path class=\"{class}\" d=\"{way}\"/>"));
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("a string takes all");
    }
}

pub(super) fn drawn(diagram: &Diagram) -> String {
    let mut canvas = Canvas::default();
    let bootstraps = lines(diagram.listeners.len());
    let first_zone = TOP + GAP + bootstraps + 3 * LINE;
    let zones_end = first_zone + diagram.zones.values().map(|zone| zone_height(zone) + GAP).sum::<u32>();
    let consumers_end = TOP + diagram.consumers.values().map(|one| consumer_height(one) + GAP).sum::<u32>();
    let end = zones_end.max(consumers_end).max(TOP + 6 * LINE);

    canvas.text("title", (20, 1400), 34, &format!("{} in {}", diagram.object, diagram.region));
    canvas.rect("frame", VPC, TOP - GAP, end - TOP + 2 * GAP);
    canvas.text("faint", (VPC.0 + GAP, 400), TOP - GAP + LINE - 4, &diagram.vpc);
    let middle = service(&mut canvas, diagram, end);
    consumers(&mut canvas, diagram, middle);
    balancer(&mut canvas, diagram, middle, end);
    let mut y = first_zone;
    for (name, zone) in &diagram.zones {
        zone_at(&mut canvas, name, zone, y);
        y += zone_height(zone) + GAP;
    }
    let (width, height) = (VPC.0 + VPC.1 + 20, end + 2 * GAP + 10);
    let title = escaped(&format!("{}: Kafka over AWS PrivateLink", diagram.object));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n{}</svg>\n",
        canvas.body
    )
}

fn lines(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX / LINE).saturating_mul(LINE)
}

/// The endpoint service, and where lines lead to it and from it.
fn service(canvas: &mut Canvas, diagram: &Diagram, end: u32) -> u32 {
    let height = 2 * LINE + GAP;
    let y = TOP.midpoint(end) - height / 2;
    canvas.rect("", SERVICE, y, height);
    let inside = inside(SERVICE);
    canvas.text("head", inside, y + LINE, "Endpoint service");
    canvas.text("", inside, y + 2 * LINE, diagram.service.as_deref().unwrap_or("not made yet"));
    y + height / 2
}

fn inside((x, width): (u32, u32)) -> (u32, u32) {
    (x + GAP, width - 2 * GAP)
}

fn consumer_height(consumer: &Consumer) -> u32 {
    lines(consumer.endpoints.len() + 2) + GAP
}

fn consumers(canvas: &mut Canvas, diagram: &Diagram, middle: u32) {
    let mut y = TOP;
    for (account, consumer) in &diagram.consumers {
        let height = consumer_height(consumer);
        canvas.rect("", CONSUMERS, y, height);
        let inside = inside(CONSUMERS);
        canvas.text("head", inside, y + LINE, &format!("account {account}"));
        canvas.text("faint", inside, y + 2 * LINE, &consumer.gets());
        for (at, (id, state)) in consumer.endpoints.iter().enumerate() {
            let class = if state == "available" { "works" } else { "" };
            canvas.text(class, inside, y + lines(at + 3), &format!("{id} {state}"));
        }
        if consumer.is_let_in() {
            let (from, to) = (CONSUMERS.0 + CONSUMERS.1, SERVICE.0);
            let (out, bend) = (y + height / 2, from.midpoint(to));
            canvas.path("", &format!("M{from} {out}C{bend} {out} {bend} {middle} {to} {middle}"));
        }
        y += height + GAP;
    }
}

/// The load balancer with its bootstraps, whose dashed line leads to every zone.
fn balancer(canvas: &mut Canvas, diagram: &Diagram, middle: u32, end: u32) {
    canvas.path("", &format!("M{} {middle}H{}", SERVICE.0 + SERVICE.1, BALANCER.0));
    let y = TOP + GAP;
    canvas.rect("", BALANCER, y, end - y);
    let inside = inside(BALANCER);
    canvas.text("head", inside, y + LINE, "Network Load Balancer");
    canvas.text("", inside, y + 2 * LINE, diagram.load_balancer.as_deref().unwrap_or("not made yet"));
    for (at, listener) in diagram.listeners.iter().enumerate() {
        let base = y + lines(at + 3);
        let reach = if listener.cross_zone { "brokers cross-zone" } else { "brokers by zone" };
        canvas.text("", inside, base, &format!("{} {} bootstrap, {reach}", listener.name, listener.bootstrap_port));
        canvas.path("bootstrap", &format!("M{} {}H{BUS}", BALANCER.0 + BALANCER.1, base - 4));
    }
    let mut at = TOP + GAP + lines(diagram.listeners.len() + 3);
    let first = y + lines(3) - 4;
    for zone in diagram.zones.values() {
        canvas.path("bootstrap", &format!("M{BUS} {first}V{}H{}", at + LINE / 2, ZONES.0));
        at += zone_height(zone) + GAP;
    }
}

fn broker_height(broker: &Broker) -> u32 {
    lines(broker.paths.len() + 1) + GAP
}

fn zone_height(zone: &Zone) -> u32 {
    LINE + GAP + zone.brokers.values().map(|broker| broker_height(broker) + GAP).sum::<u32>()
}

fn zone_at(canvas: &mut Canvas, name: &str, zone: &Zone, y: u32) {
    canvas.rect("zone", ZONES, y, zone_height(zone));
    let name = if name.is_empty() { "zone not known" } else { name };
    let title = zone.subnet.as_ref().map_or_else(|| name.to_owned(), |subnet| format!("{name}: {subnet}"));
    canvas.text("head", inside(ZONES), y + LINE, &title);
    let mut at = y + LINE + GAP;
    for (id, broker) in &zone.brokers {
        broker_at(canvas, *id, broker, at);
        at += broker_height(broker) + GAP;
    }
}

fn broker_at(canvas: &mut Canvas, id: i32, broker: &Broker, y: u32) {
    let (x, width) = inside(ZONES);
    let troubled = broker.paths.iter().any(|path| matches!(path.state, State::Trouble(_)));
    canvas.rect(if troubled { "trouble" } else { "" }, (x, width), y, broker_height(broker));
    let name = broker.target.as_ref().map_or_else(|| format!("broker {id}"), |target| format!("broker {id}: {target}"));
    canvas.text("head", inside((x, width)), y + LINE, &name);
    for (at, path) in broker.paths.iter().enumerate() {
        let base = y + lines(at + 2);
        let class = match path.state {
            State::Planned => "faint",
            State::Works => "works",
            State::Trouble(_) => "trouble",
        };
        // The port in the load balancer, the way, and what the broker tells clients.
        canvas.text("", inside(BALANCER), base, &format!("{} {}", path.listener, path.port));
        canvas.path(class, &format!("M{} {}H{x}", BALANCER.0 + BALANCER.1, base - 4));
        let word = path.state.word();
        let (from, room) = inside((x, width));
        let state = u32::try_from(word.chars().count()).unwrap_or(0).min(room / CHARACTER / 2) * CHARACTER + GAP;
        canvas.text("", (from, room - state), base, path.advertised.as_deref().unwrap_or("host not known yet"));
        canvas.text(class, (from + room - state + GAP, state), base, word);
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}
