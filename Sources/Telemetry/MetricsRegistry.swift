package import CoreMetrics
import Synchronization

/// Keeps every metric of the process: where swift-metrics records to, and Prometheus reads from.
package final class MetricsRegistry: MetricsFactory, Sendable {
    /// A metric with its labels.
    package enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case durations(DurationSeries)
    }

    private struct Family: Sendable {
        var series: [[String]: (labels: [(String, String)], series: Series)] = [:]
    }

    /// What each metric says, by its name.
    private let help: [String: String]
    private let families = Mutex<[String: Family]>([:])

    /// A registry whose metrics are explained by these texts.
    package init(help: [String: String] = [:]) {
        self.help = help
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, { .counter(CounterSeries()) }, \.asCounter) ?? CounterSeries()
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, { .gauge(GaugeSeries()) }, \.asGauge) ?? GaugeSeries()
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        series(label, dimensions, { .gauge(GaugeSeries()) }, \.asGauge) ?? GaugeSeries()
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, { .durations(DurationSeries()) }, \.asDurations)
            ?? DurationSeries()
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of that name and these labels, made where there is none; nil where the name is
    /// taken by another kind of metric.
    private func series<Handler>(
        _ name: String,
        _ labels: [(String, String)],
        _ make: () -> Series,
        _ handler: (Series) -> Handler?
    ) -> Handler? {
        let key = labels.flatMap { [$0.0, $0.1] }
        let series = families.withLock { families in
            if let known = families[name]?.series[key] { return known.series }
            let made = make()
            families[name, default: Family()].series[key] = (labels, made)
            return made
        }
        return handler(series)
    }

    /// The durations of that name and these labels, if there are any.
    package func durations(_ name: String, _ labels: [(String, String)]) -> DurationSeries? {
        known(name, labels)?.asDurations
    }

    /// The counter of that name and these labels, if there is one.
    package func counter(_ name: String, _ labels: [(String, String)]) -> CounterSeries? {
        known(name, labels)?.asCounter
    }

    private func known(_ name: String, _ labels: [(String, String)]) -> Series? {
        let key = labels.flatMap { [$0.0, $0.1] }
        return families.withLock { $0[name]?.series[key]?.series }
    }

    /// Every metric in Prometheus' text format, ordered by name and labels.
    package var text: String {
        let families = families.withLock { $0 }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            let ordered = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            guard let first = ordered.first else { continue }
            text.begin(name, help: help[name], type: first.value.series.type)
            for (_, (labels, series)) in ordered { text.add(series, name, labels) }
        }
        return text.text
    }
}

extension MetricsRegistry.Series {
    fileprivate var asCounter: CounterSeries? {
        if case .counter(let counter) = self { counter } else { nil }
    }

    fileprivate var asGauge: GaugeSeries? {
        if case .gauge(let gauge) = self { gauge } else { nil }
    }

    fileprivate var asDurations: DurationSeries? {
        if case .durations(let durations) = self { durations } else { nil }
    }

    /// What Prometheus calls it.
    fileprivate var type: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .durations: "summary"
        }
    }
}
