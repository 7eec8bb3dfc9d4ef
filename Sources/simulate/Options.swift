import Simulation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func exitProcess(_ code: Int32) -> Never { exit(code) }

/// Lets what was printed be seen at once, wherever it goes.
func flush() { fflush(nil) }

/// What the program is asked to do.
struct Options {
    struct Mistake: Error {
        var text: String
    }

    var seeds: UInt64 = 1000
    var from: UInt64 = 1
    var seconds: Int64?
    var commands = 200
    var maxFailures = 1
    var sabotage: Sabotage?
    var traces = false
    var showsTeeth = false
    var wantsHelp = false

    static let usage = """
        usage: simulate [--seeds N] [--from SEED] [--seconds T] [--commands K] [--trace]
                        [--failures N] [--sabotage NAME] [--teeth]

          --seeds N        worlds to run (1000)
          --from SEED      the first of them (1)
          --seconds T      stop after this time
          --commands K     commands in each world (200)
          --trace          print everything that happens, not only in worlds that fail
          --failures N     stop at the Nth failure (1)
          --sabotage NAME  \(Sabotage.allCases.map(\.rawValue).joined(separator: ", "))
          --teeth          try every sabotage: each has to be caught within --seeds worlds

        Exits with 1 if a rule was broken, after the trace of that world and its seed.
        """

    init() {}

    init(_ arguments: some Sequence<String>) throws(Mistake) {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            switch name {
            case "--help", "-h": wantsHelp = true
            case "--trace": traces = true
            case "--teeth": showsTeeth = true
            case "--seeds": seeds = try Self.number(name, &rest)
            case "--from": from = try Self.number(name, &rest)
            case "--seconds": seconds = try Self.number(name, &rest)
            case "--commands": commands = try Self.number(name, &rest)
            case "--failures": maxFailures = try Self.number(name, &rest)
            case "--sabotage":
                guard let text = rest.popFirst(), let value = Sabotage(rawValue: text) else {
                    throw Mistake(text: "--sabotage needs one of the names below")
                }
                sabotage = value
            default: throw Mistake(text: "unknown option \(name)")
            }
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ name: String,
        _ rest: inout ArraySlice<String>
    ) throws(Mistake) -> Number {
        guard let text = rest.popFirst(), let value = Number(text), value >= 0 else {
            throw Mistake(text: "\(name) needs a number")
        }
        return value
    }
}
