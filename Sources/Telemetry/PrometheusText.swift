/// Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// Begins a metric.
    mutating func begin(_ name: String, help: String?, type: String) {
        if let help { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(type)\n"
    }

    /// Adds the values of a series.
    mutating func add(
        _ series: MetricsRegistry.Series,
        _ name: String,
        _ labels: [(String, String)]
    ) {
        switch series {
        case .counter(let counter): line(name, labels, "\(counter.value)")
        case .gauge(let gauge): line(name, labels, Self.number(gauge.value))
        case .durations(let durations): add(durations.summary, name, labels)
        }
    }

    private mutating func add(
        _ summary: DurationSeries.Summary,
        _ name: String,
        _ labels: [(String, String)]
    ) {
        if let percentiles = summary.percentiles {
            for (quantile, value) in [
                ("0.5", percentiles.p50), ("0.9", percentiles.p90), ("0.99", percentiles.p99),
            ] {
                line(name, labels + [("quantile", quantile)], Self.number(value))
            }
        }
        line(name + "_sum", labels, Self.number(summary.seconds))
        line(name + "_count", labels, "\(summary.count)")
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            text += labels.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }
                .joined(separator: ",")
            text += "}"
        }
        text += " \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
