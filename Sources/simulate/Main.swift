import Simulation

/// Runs worlds from the command line: `simulate --seeds N --from S`.
@main
struct Simulate {
    static func main() {
        var options = Options()
        do throws(Options.Mistake) {
            options = try Options(CommandLine.arguments.dropFirst())
        } catch {
            print("simulate: \(error.text)\n\n\(Options.usage)")
            exitProcess(2)
        }
        if options.wantsHelp { return print(Options.usage) }
        let isWell = options.showsTeeth ? showTeeth(options) : run(options)
        exitProcess(isWell ? 0 : 1)
    }

    /// Shows that the checkers notice: true if every sabotage is caught.
    private static func showTeeth(_ options: Options) -> Bool {
        var isWell = true
        for sabotage in Sabotage.allCases {
            let caught = (options.from..<(options.from + options.seeds)).lazy
                .map { Simulation.run(seed: $0, commands: options.commands, sabotage: sabotage) }
                .first { $0.failure != nil }
            if let caught, let failure = caught.failure {
                print("\(sabotage.rawValue): caught, seed \(caught.seed): \(failure)")
            } else {
                print("\(sabotage.rawValue): NOT caught in \(options.seeds) worlds")
                isWell = false
            }
        }
        return isWell
    }

    /// Runs the worlds; true if all of them were well.
    private static func run(_ options: Options) -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        var totals = Totals()
        for seed in options.from..<(options.from + options.seeds) {
            let report = Simulation.run(
                seed: seed,
                commands: options.commands,
                sabotage: options.sabotage,
                isTracing: options.traces
            )
            totals.add(report)
            if options.traces { for line in report.trace { print(line) } }
            if let failure = report.failure {
                totals.failures += 1
                if !options.traces { printTrace(of: seed, options) }
                print("seed \(seed): \(failure)")
                flush()
                if totals.failures >= options.maxFailures { break }
            }
            if let limit = options.seconds, clock.now - start > .seconds(limit) { break }
        }
        print(totals.text(after: clock.now - start))
        return totals.failures == 0
    }

    /// Runs a world once more, which goes the same way, and prints what happened in it.
    private static func printTrace(of seed: UInt64, _ options: Options) {
        let report = Simulation.run(
            seed: seed,
            commands: options.commands,
            sabotage: options.sabotage,
            isTracing: true
        )
        for line in report.trace { print(line) }
    }
}

/// Sums over worlds.
struct Totals {
    var worlds = 0
    var failures = 0
    var commands = 0
    var transmissions = 0
    var executions = 0
    var events = 0
    var reviews = 0
    var rebalances = 0
    var steps = 0
    var usesJudged = 0
    var virtualTime = Duration.zero

    mutating func add(_ report: Simulation.Report) {
        worlds += 1
        commands += report.commands
        transmissions += report.transmissions
        executions += report.executions
        events += report.events
        reviews += report.reviews
        rebalances += report.rebalances
        steps += report.steps
        usesJudged += report.usesJudged
        virtualTime += report.virtualTime
    }

    func text(after time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        return """
            worlds \(worlds), failed \(failures), \(Int(Double(worlds) / max(seconds, 1e-9))) a second
            commands \(commands), transmissions \(transmissions), executions \(executions), \
            events \(events), reviews \(reviews)
            uses of the rate judged \(usesJudged)
            rebalances \(rebalances), steps \(steps), virtual hours \
            \(virtualTime.components.seconds / 3600)
            """
    }
}
