//! Keeps frames as one moving picture, with a transcript of what they show, and compares two such pictures. (APNG)

use std::io::Cursor;

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter};

/// What a transcript is called in the file. (PNG, 11.3.3.4: iTXt)
const TRANSCRIPT: &str = "Description";
/// Frames are compared by the mean colour of squares of so many pixels: other digits or a finer font change it little.
const SQUARE: usize = 25;
const BYTES: usize = 3;

/// One still: three bytes for each pixel.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) rgb: Vec<u8>,
    pub(crate) shown_for_ms: u16,
}

pub(crate) struct MovingPicture {
    pub(crate) frames: Vec<Frame>,
    pub(crate) transcript: String,
}

impl Frame {
    /// A screenshot.
    pub(crate) fn read(png: &[u8], shown_for_ms: u16) -> Self {
        let mut reader = Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let shape = reader.next_frame(&mut pixels).unwrap();
        pixels.truncate(shape.buffer_size());
        let rgb = match shape.color_type {
            ColorType::Rgb => pixels,
            ColorType::Rgba => pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
            other => panic!("Chromium made a picture of {other:?}"),
        };
        Self { width: shape.width as usize, rgb, shown_for_ms }
    }

    fn height(&self) -> usize {
        self.rgb.len() / BYTES / self.width
    }

    /// As a picture that stands still.
    pub(crate) fn still(&self) -> Vec<u8> {
        MovingPicture { frames: vec![self.clone()], transcript: String::new() }.write()
    }

    /// The mean colour of each square.
    fn squares(&self) -> Vec<[f64; BYTES]> {
        let (columns, rows) = (self.width / SQUARE, self.height() / SQUARE);
        let mut sums = vec![[0.0; BYTES]; columns * rows];
        for (at, pixel) in self.rgb.chunks_exact(BYTES).enumerate() {
            let (column, row) = (at % self.width / SQUARE, at / self.width / SQUARE);
            if column < columns && row < rows {
                for (sum, value) in sums[row * columns + column].iter_mut().zip(pixel) {
                    *sum += f64::from(*value) / (SQUARE * SQUARE) as f64;
                }
            }
        }
        sums
    }

    /// By how much the squares of both differ: on average, and where they differ most. 0 to 255.
    pub(crate) fn difference(&self, other: &Self) -> (f64, f64) {
        let (ours, theirs) = (self.squares(), other.squares());
        assert_eq!((self.width, ours.len()), (other.width, theirs.len()), "the pictures are of different sizes");
        let pairs = ours.iter().flatten().zip(theirs.iter().flatten());
        let differences: Vec<f64> = pairs.map(|(ours, theirs)| (ours - theirs).abs()).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        (mean, differences.into_iter().fold(0.0, f64::max))
    }

    /// The part that has to be painted over `before`: left, top, width, height. At least one pixel, because a frame has to have one.
    fn changed(&self, before: &Self) -> (usize, usize, usize, usize) {
        let both = self.rgb.chunks_exact(BYTES).zip(before.rgb.chunks_exact(BYTES)).enumerate();
        let changed = both.filter(|(_, (now, before))| now != before).map(|(at, _)| (at % self.width, at / self.width));
        let edges = changed.fold(None, |edges, (x, y)| {
            let (left, top, right, bottom) = edges.unwrap_or((x, y, x, y));
            Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
        });
        let (left, top, right, bottom) = edges.unwrap_or_default();
        (left, top, right - left + 1, bottom - top + 1)
    }
}

impl MovingPicture {
    pub(crate) fn write(&self) -> Vec<u8> {
        let first = self.frames.first().expect("a picture has a frame");
        let (width, height) = (first.width, first.height());
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, width as u32, height as u32);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::High);
        encoder.set_filter(Filter::Adaptive);
        if !self.transcript.is_empty() {
            encoder.add_itxt_chunk(TRANSCRIPT.into(), self.transcript.clone()).unwrap();
        }
        if self.frames.len() > 1 {
            // For ever.
            encoder.set_animated(self.frames.len() as u32, 0).unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        let mut before: Option<&Frame> = None;
        for frame in &self.frames {
            let (x, y, width, height) = before.map_or((0, 0, width, height), |before| frame.changed(before));
            if self.frames.len() > 1 {
                writer.set_frame_delay(frame.shown_for_ms, 1000).unwrap();
                writer.reset_frame_position().unwrap();
                writer.set_frame_dimension(width as u32, height as u32).unwrap();
                writer.set_frame_position(x as u32, y as u32).unwrap();
            }
            let lines = frame.rgb.chunks_exact(frame.width * BYTES).skip(y).take(height);
            let part: Vec<u8> = lines.flat_map(|line| &line[x * BYTES..(x + width) * BYTES]).copied().collect();
            writer.write_image_data(&part).unwrap();
            before = Some(frame);
        }
        writer.finish().unwrap();
        file
    }

    /// Reads what [`write`](Self::write) has written.
    pub(crate) fn read(file: &[u8]) -> Self {
        let mut reader = Decoder::new(Cursor::new(file)).read_info().unwrap();
        let count = reader.info().animation_control().map_or(1, |control| control.num_frames);
        let transcript = reader.info().utf8_text.iter().find(|chunk| chunk.keyword == TRANSCRIPT);
        let transcript = transcript.map(|chunk| chunk.get_text().unwrap()).unwrap_or_default();
        let width = reader.info().width as usize;
        let mut shown = vec![0; reader.output_buffer_size().unwrap()];
        let mut frames = Vec::new();
        for _ in 0..count {
            let mut part = vec![0; reader.output_buffer_size().unwrap()];
            let shape = reader.next_frame(&mut part).unwrap();
            let control = reader.info().frame_control.unwrap_or_default();
            let (x, y) = (control.x_offset as usize, control.y_offset as usize);
            let line_bytes = shape.width as usize * BYTES;
            for (line, pixels) in part.chunks_exact(line_bytes).take(shape.height as usize).enumerate() {
                let begin = ((y + line) * width + x) * BYTES;
                shown[begin..begin + line_bytes].copy_from_slice(pixels);
            }
            frames.push(Frame { width, rgb: shown.clone(), shown_for_ms: control.delay_num });
        }
        Self { frames, transcript }
    }
}
