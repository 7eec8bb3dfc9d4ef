import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct RegistryTests {
    private func counter(
        _ registry: MetricsRegistry,
        _ name: String,
        _ labels: (String, String)...
    )
        -> Counter
    {
        Counter(
            label: name,
            dimensions: labels,
            handler: registry.makeCounter(label: name, dimensions: labels),
            factory: registry
        )
    }

    @Test func theTextIsPrometheusOwnInOrder() {
        let registry = MetricsRegistry(help: ["b_total": "Back\\slash,\nnew line"])
        registry.makeMeter(label: "a_ratio", dimensions: []).set(0.25)
        counter(registry, "b_total", ("kind", "y")).increment(by: 2)
        counter(registry, "b_total", ("kind", "x\"\\\n")).increment()
        counter(registry, "b_total", ("kind", "y")).increment()
        #expect(
            registry.text == """
                # TYPE a_ratio gauge
                a_ratio 0.25
                # HELP b_total Back\\\\slash,\\nnew line
                # TYPE b_total counter
                b_total{kind="x\\"\\\\\\n"} 1
                b_total{kind="y"} 3

                """
        )
    }

    @Test func aSummaryHasQuantilesSumAndCount() {
        let registry = MetricsRegistry()
        let timer = registry.makeTimer(label: "t_seconds", dimensions: [("d", "1")])
        #expect(!registry.text.contains("quantile"))
        for milliseconds in 1...100 { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        let lines = registry.text.split(separator: "\n")
        #expect(lines.contains("t_seconds_count{d=\"1\"} 100"))
        #expect(lines.contains("t_seconds_sum{d=\"1\"} 5.05"))
        let median = lines.first { $0.hasPrefix("t_seconds{d=\"1\",quantile=\"0.5\"}") }
        #expect(
            median?.split(separator: " ").last.flatMap { Double($0) }.map { 0.049...0.051 ~= $0 }
                == true
        )
    }

    @Test func aNameThatIsTakenByAnotherKindRecordsNowhere() {
        let registry = MetricsRegistry()
        counter(registry, "x").increment()
        registry.makeMeter(label: "x", dimensions: []).set(7.0)
        #expect(registry.text == "# TYPE x counter\nx 1\n")
    }

    @Test func percentilesForgetWhatIsTwoMinutesOld() {
        let start = ContinuousClock.now
        let series = DurationSeries(at: start)
        series.record(2_000_000_000, at: start)
        #expect(series.summary(at: start + .seconds(70)).percentiles?.max ?? 0 > 1.9)
        series.record(1_000_000, at: start + .seconds(71))
        #expect(series.summary(at: start + .seconds(80)).percentiles?.max ?? 0 > 1.9)
        let later = series.summary(at: start + .seconds(140))
        #expect(later.percentiles?.max ?? 9 < 0.002)
        #expect(later.count == 2 && later.seconds == 2.001)
        #expect(series.summary(at: start + .seconds(400)).percentiles == nil)
    }

    @Test func whatIsLongerThanAnHourCountsAsAnHour() {
        let series = DurationSeries()
        series.recordNanoseconds(.max)
        series.recordNanoseconds(-1)
        let most = series.summary.percentiles?.max ?? 0
        #expect(3_590...3_640 ~= most)
    }
}
