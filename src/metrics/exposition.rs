//! Metrics as text, in the format that Prometheus reads (0.0.4).

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Error, TextEncoder};

use crate::counters::Spread;

/// Name and value of each label.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// A metric's name and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

#[derive(Default)]
pub(super) struct Exposition(Vec<MetricFamily>);

impl Exposition {
    /// Adds a metric with one value.
    pub(super) fn gauge(&mut self, described: Described, value: impl Into<Option<f64>>) {
        let value: Option<f64> = value.into();
        self.add(described, MetricType::GAUGE, value.map(|value| gauge(&[], value)));
    }

    /// Adds a metric with a value for each combination of labels.
    pub(super) fn gauges<'a>(
        &mut self,
        described: Described,
        values: impl IntoIterator<Item = ((&'static str, &'a str), f64)>,
    ) {
        let metrics = values.into_iter().map(|(label, value)| gauge(&[label], value));
        self.add(described, MetricType::GAUGE, metrics);
    }

    pub(super) fn counter(&mut self, described: Described, value: u64) {
        self.add(described, MetricType::COUNTER, [counter(&[], value as f64)]);
    }

    /// Adds a counter of seconds.
    pub(super) fn seconds(&mut self, described: Described, value: f64) {
        self.add(described, MetricType::COUNTER, [counter(&[], value)]);
    }

    pub(super) fn counters<'a>(
        &mut self,
        described: Described,
        values: impl IntoIterator<Item = ((&'static str, &'a str), u64)>,
    ) {
        let metrics = values.into_iter().map(|(label, value)| counter(&[label], value as f64));
        self.add(described, MetricType::COUNTER, metrics);
    }

    /// The same with two labels each.
    pub(super) fn counters_by_two<'a>(
        &mut self,
        described: Described,
        values: impl IntoIterator<Item = ([(&'static str, &'a str); 2], u64)>,
    ) {
        let metrics = values.into_iter().map(|(labels, value)| counter(&labels, value as f64));
        self.add(described, MetricType::COUNTER, metrics);
    }

    pub(super) fn histogram(&mut self, described: Described, spread: &Spread) {
        let mut histogram = Histogram::default();
        histogram.set_sample_count(spread.count);
        histogram.set_sample_sum(spread.sum);
        let bucket = |(bound, count): &(f64, u64)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(*count);
            bucket
        };
        histogram.set_bucket(spread.up_to.iter().map(bucket).collect());
        let mut metric = Metric::default();
        metric.set_histogram(histogram);
        self.add(described, MetricType::HISTOGRAM, [metric]);
    }

    pub(super) fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.0)
    }

    fn add(&mut self, described: Described, kind: MetricType, metrics: impl IntoIterator<Item = Metric>) {
        let metrics: Vec<_> = metrics.into_iter().collect();
        // What is not known at present is left out whole: the encoder takes no family without a value.
        if metrics.is_empty() {
            return;
        }
        let mut family = MetricFamily::default();
        family.set_name(described.name.to_owned());
        family.set_help(described.help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.0.push(family);
    }
}

fn gauge(labels: Labels<'_>, value: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::from_label(pairs(labels));
    metric.set_gauge(gauge);
    metric
}

fn counter(labels: Labels<'_>, value: f64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(value);
    let mut metric = Metric::from_label(pairs(labels));
    metric.set_counter(counter);
    metric
}

fn pairs(labels: Labels<'_>) -> Vec<LabelPair> {
    let pair = |(name, value): &(&'static str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    labels.iter().map(pair).collect()
}
