import ArgumentParser
import CCallgrind
import JSON

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Performs one operation of a worker many times, so that what it costs can be counted.
///
///     valgrind --tool=callgrind --instr-atstart=no engine-bench step --references 1000000
@main
struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-bench",
        abstract: "Performs one operation of a worker many times, to be counted by callgrind.",
        discussion: """
            Callgrind counts what lies between set-up and end if it is run with --instr-atstart=no;
            deploy/engine-bench.sh does so for every operation, and compares with thresholds.
            """
    )

    @Argument(help: ArgumentHelp("What to do.", discussion: Operation.list))
    var operation: Operation

    @Option(help: "The references that are known before, in all partitions together.")
    var references = 1000

    @Option(help: "The partitions.")
    var partitions: Int32 = 1

    @Option(help: "How often to do it.")
    var count = 2000

    /// Before anything is counted: what is made once is there.
    private static let warmUp = 256

    func validate() throws {
        try check(references, in: 0...100_000_000, "references")
        try check(Int(partitions), in: 1...10_000, "partitions")
        try check(count, in: 1...100_000_000, "count")
    }

    private func check(_ value: Int, in allowed: ClosedRange<Int>, _ name: String) throws {
        if allowed.contains(value) { return }
        throw ValidationError(
            "--\(name) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)"
        )
    }

    func run() throws {
        let bench = try operation.bench(Scale(references: references, partitions: partitions))
        let counted = Self.warmUp..<Self.warmUp + count
        bench.prepare(0..<counted.upperBound)
        try bench.perform(0..<Self.warmUp)
        let isCounted = callgrind_begin() != 0
        try bench.perform(counted)
        callgrind_end()
        print(report(isCounted))
        // What is left need not be taken apart, piece by piece and under callgrind.
        fflush(nil)
        _exit(0)
    }

    private func report(_ isCounted: Bool) -> String {
        let bytes = JSONWriter.object { w in
            w.field("operation", operation.rawValue)
            w.field("references", references)
            w.field("partitions", partitions)
            w.field("count", count)
            w.field("counted", isCounted)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How much there is.
struct Scale {
    var references: Int
    var partitions: Int32
}

/// An operation, set up.
protocol Bench: AnyObject {
    /// Makes what it is done with, which is not part of it.
    func prepare(_ numbers: Range<Int>)
    /// Does it once for each number.
    func perform(_ numbers: Range<Int>) throws
}

extension Bench {
    func prepare(_ numbers: Range<Int>) {}
}

/// An operation did not do what it is there for: its cost means nothing.
struct Failure: Error, CustomStringConvertible {
    let description: String
}
