//! A canvas for the demo's pictures: flat colours, soft edges, and the same picture
//! each time.

use crate::error::{Result, internal};

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Pixels from left to right.
const WIDTH: usize = 1_200;
/// Pixels from top to bottom.
const HEIGHT: usize = 800;

/// A picture being drawn.
pub struct Canvas {
    /// Rows of pixels, from the top.
    pixels: Vec<Colour>,
    random: u64,
}

impl Canvas {
    /// A sky from one colour to another; the same `seed` scatters alike.
    pub fn new(seed: u64, above: Colour, below: Colour) -> Self {
        let mut canvas = Canvas {
            pixels: vec![above; WIDTH * HEIGHT],
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        };
        canvas.fade(0.0, HEIGHT as f32, above, below);
        canvas
    }

    /// As WebP.
    pub fn to_webp(&self) -> Result<Vec<u8>> {
        let (width, height) = (WIDTH as u32, HEIGHT as u32);
        webp::Encoder::from_rgb(self.pixels.as_flattened(), width, height)
            .encode_simple(false, 82.0)
            .map(|coded| coded.to_vec())
            .map_err(|error| internal(format!("a picture of the demo: {error:?}")))
    }

    /// A number from 0 to 1 (xorshift).
    pub fn chance(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 40) as f32 / (1 << 24) as f32
    }

    /// A number between two.
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.chance()
    }

    /// Fills rows with a change from one colour to another.
    pub fn fade(&mut self, from: f32, to: f32, above: Colour, below: Colour) {
        for y in from.max(0.0) as usize..(to as usize).min(HEIGHT) {
            let colour = mixed(above, below, (y as f32 - from) / (to - from));
            self.pixels[y * WIDTH..(y + 1) * WIDTH].fill(colour);
        }
    }

    fn blend(&mut self, x: i32, y: usize, colour: Colour, share: f32) {
        if (0..WIDTH as i32).contains(&x) && y < HEIGHT && share > 0.0 {
            let pixel = &mut self.pixels[y * WIDTH + x as usize];
            *pixel = mixed(*pixel, colour, share.min(1.0));
        }
    }

    /// Part of a row, its ends as far as they reach.
    fn span(&mut self, y: usize, from: f32, to: f32, colour: Colour, share: f32) {
        if to <= from || y >= HEIGHT {
            return;
        }
        let (first, last) = (from.floor() as i32, to.floor() as i32);
        if first == last {
            return self.blend(first, y, colour, (to - from) * share);
        }
        self.blend(first, y, colour, (1.0 - from.fract().abs()) * share);
        self.blend(last, y, colour, to.fract() * share);
        let inner =
            (first + 1).clamp(0, WIDTH as i32) as usize..last.clamp(0, WIDTH as i32) as usize;
        if share >= 1.0 && inner.start < inner.end {
            self.pixels[y * WIDTH + inner.start..y * WIDTH + inner.end].fill(colour);
        } else {
            inner.for_each(|x| self.blend(x as i32, y, colour, share));
        }
    }

    /// A filled outline, four lines to each row for soft edges.
    pub fn shape(&mut self, corners: &[(f32, f32)], colour: Colour) {
        let top = corners
            .iter()
            .map(|corner| corner.1)
            .fold(f32::MAX, f32::min);
        let bottom = corners
            .iter()
            .map(|corner| corner.1)
            .fold(f32::MIN, f32::max);
        for y in top.max(0.0) as usize..(bottom.ceil().max(0.0) as usize).min(HEIGHT) {
            // Where both lines of a quarter agree the middle is filled at once.
            let rows: Vec<Vec<f32>> = (0..4)
                .map(|part| crossings(corners, y as f32 + part as f32 / 4.0 + 0.125))
                .collect();
            if rows.iter().all(|row| row.len() == 2) {
                let from = rows.iter().map(|row| row[0]).fold(f32::MIN, f32::max);
                let to = rows.iter().map(|row| row[1]).fold(f32::MAX, f32::min);
                if to > from {
                    self.span(y, from.ceil(), to.floor(), colour, 1.0);
                    for row in &rows {
                        self.span(y, row[0], from.ceil().max(row[0]), colour, 0.25);
                        self.span(y, to.floor().min(row[1]), row[1], colour, 0.25);
                    }
                    continue;
                }
            }
            for row in &rows {
                for pair in row.chunks_exact(2) {
                    self.span(y, pair[0], pair[1], colour, 0.25);
                }
            }
        }
    }

    /// A rectangle: its left upper corner, width and height.
    pub fn block(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.shape(
            &[
                (x, y),
                (x + width, y),
                (x + width, y + height),
                (x, y + height),
            ],
            colour,
        );
    }

    /// A straight stroke.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt().max(0.001);
        let (nx, ny) = (
            -dy / length * thickness / 2.0,
            dx / length * thickness / 2.0,
        );
        self.shape(
            &[
                (from.0 + nx, from.1 + ny),
                (to.0 + nx, to.1 + ny),
                (to.0 - nx, to.1 - ny),
                (from.0 - nx, from.1 - ny),
            ],
            colour,
        );
    }

    /// A disc.
    pub fn disc(&mut self, x: f32, y: f32, radius: f32, colour: Colour) {
        let corners: Vec<(f32, f32)> = (0..48)
            .map(|step| {
                let angle = step as f32 / 48.0 * std::f32::consts::TAU;
                (x + radius * angle.cos(), y + radius * angle.sin())
            })
            .collect();
        self.shape(&corners, colour);
    }

    /// Light around a point, which fades to nothing at the radius.
    pub fn glow(&mut self, x: f32, y: f32, radius: f32, colour: Colour, strength: f32) {
        let (top, bottom) = (
            (y - radius).max(0.0) as usize,
            (y + radius).max(0.0) as usize,
        );
        for row in top..bottom.min(HEIGHT) {
            let dy = row as f32 - y;
            let half = (radius * radius - dy * dy).max(0.0).sqrt();
            let (left, right) = ((x - half).max(0.0) as usize, (x + half).max(0.0) as usize);
            for column in left..right.min(WIDTH) {
                let dx = column as f32 - x;
                let near = 1.0 - (dx * dx + dy * dy) / (radius * radius);
                self.blend(column as i32, row, colour, near * near * strength);
            }
        }
    }

    /// Everything below a line that rises and falls.
    pub fn hills(&mut self, base: f32, height: f32, length: f32, colour: Colour) {
        let (first, second) = (self.between(0.0, 6.0), self.between(0.0, 6.0));
        let mut outline: Vec<(f32, f32)> = (0..=120)
            .map(|step| {
                let x = step as f32 * 10.0;
                let turn = x / length * std::f32::consts::TAU;
                let rise = (turn + first).sin() * 0.65 + (turn * 2.3 + second).sin() * 0.35;
                (x, base - height * rise)
            })
            .collect();
        outline.extend([(WIDTH as f32, HEIGHT as f32), (0.0, HEIGHT as f32)]);
        self.shape(&outline, colour);
    }

    /// Houses along a line, some of their windows lit.
    pub fn houses(&mut self, base: f32, tallest: f32, colour: Colour, lit: Option<Colour>) {
        let mut x = -20.0;
        while x < WIDTH as f32 {
            let width = self.between(46.0, 105.0);
            let height = self.between(tallest * 0.4, tallest);
            let roof = self.between(0.0, 1.0);
            self.block(x, base - height, width, height + 1.0, colour);
            if roof < 0.45 {
                let ridge = base - height - width * 0.4;
                let eaves = base - height + 0.5;
                self.shape(
                    &[
                        (x - 3.0, eaves),
                        (x + width / 2.0, ridge),
                        (x + width + 3.0, eaves),
                    ],
                    colour,
                );
            } else if roof < 0.6 {
                self.block(x + width * 0.6, base - height - 26.0, 9.0, 28.0, colour);
            }
            if let Some(lit) = lit {
                let mut row = base - height + 14.0;
                while row < base - 18.0 {
                    let mut column = x + 10.0;
                    while column < x + width - 14.0 {
                        if self.chance() < 0.34 {
                            self.block(column, row, 7.0, 10.0, lit);
                        }
                        column += 17.0;
                    }
                    row += 24.0;
                }
            }
            x += width + self.between(-2.0, 5.0);
        }
    }

    /// Water below a line, with glints on it.
    pub fn water(&mut self, from: f32, above: Colour, below: Colour, glint: Colour) {
        self.fade(from, HEIGHT as f32, above, below);
        for _ in 0..170 {
            let depth = self.chance().powi(2);
            let y = from + 4.0 + depth * (HEIGHT as f32 - from);
            let (x, length) = (
                self.between(-60.0, WIDTH as f32),
                self.between(20.0, 70.0) * (0.5 + 2.0 * depth),
            );
            let thickness = 1.0 + depth * 4.0;
            let share = self.between(0.12, 0.5);
            for row in y as usize..(y + thickness) as usize {
                self.span(row, x, x + length, glint, share);
            }
        }
    }

    /// Clouds of a colour, in a strip of the sky.
    pub fn clouds(&mut self, from: f32, to: f32, count: usize, colour: Colour) {
        for _ in 0..count {
            let (x, y, size) = (
                self.between(-80.0, 1_280.0),
                self.between(from, to),
                self.between(40.0, 110.0),
            );
            for part in 0..7 {
                let along = (part as f32 - 3.0) * size * 0.55;
                let radius = size * (1.0 - (part as f32 - 3.0).abs() / 4.5);
                self.glow(x + along, y - radius * 0.2, radius * 1.3, colour, 0.5);
            }
        }
    }

    /// Stars in the upper part.
    pub fn stars(&mut self, to: f32, count: usize) {
        for _ in 0..count {
            let (x, y, size) = (
                self.between(0.0, 1_200.0),
                self.between(0.0, to),
                self.between(0.8, 2.2),
            );
            self.disc(x, y, size, [240, 240, 225]);
        }
    }
}

fn mixed(from: Colour, to: Colour, share: f32) -> Colour {
    let share = (share * 256.0) as i32;
    std::array::from_fn(|at| {
        let (from, to) = (i32::from(from[at]), i32::from(to[at]));
        (from + (to - from) * share / 256) as u8
    })
}

/// Where a row crosses an outline, from the left.
fn crossings(corners: &[(f32, f32)], y: f32) -> Vec<f32> {
    let mut found = Vec::with_capacity(4);
    let mut before = corners[corners.len() - 1];
    for &corner in corners {
        let (upper, lower) = if before.1 < corner.1 {
            (before, corner)
        } else {
            (corner, before)
        };
        if upper.1 <= y && y < lower.1 {
            found.push(upper.0 + (lower.0 - upper.0) * (y - upper.1) / (lower.1 - upper.1));
        }
        before = corner;
    }
    found.sort_by(f32::total_cmp);
    found
}
