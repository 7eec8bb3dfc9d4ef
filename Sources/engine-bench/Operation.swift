import ArgumentParser
import Contract
import Samples

/// What can be measured.
enum Operation: String, CaseIterable, ExpressibleByArgument {
    case decode
    case step
    case insert
    case lookup
    case restore
    case encodeIntent = "encode-intent"
    case encodeOutcome = "encode-outcome"
    case encodeEvent = "encode-event"

    private var text: String {
        switch self {
        case .decode: "a record of the command topic becomes a command"
        case .step: "the engine takes one command its whole way, with nothing else under way"
        case .insert: "a reference that is new is settled"
        case .lookup: "a reference that is known is looked up, and one that is not"
        case .restore: "the ledger's records of one command, by their indices, reach the engine"
        case .encodeIntent: "an intent becomes a record of the ledger"
        case .encodeOutcome: "an outcome, with its event, becomes a record of the ledger"
        case .encodeEvent: "an event becomes a record"
        }
    }

    /// All of them, for people.
    static var list: String {
        let width = allCases.map(\.rawValue.count).max() ?? 0
        return allCases.map { operation in
            let name = operation.rawValue
            let gap = String(repeating: " ", count: width - name.count + 2)
            return name + gap + operation.text
        }.joined(separator: "\n")
    }

    /// Sets it up.
    func bench(_ scale: Scale) throws -> any Bench {
        switch self {
        case .decode: DecodeBench()
        case .step: try StepBench(scale)
        case .insert: InsertBench(scale)
        case .lookup: LookupBench(scale)
        case .restore: RestoreBench(scale)
        case .encodeIntent: EncodeBench(\.intent) { LedgerRecord.intent($0).encoded() }
        case .encodeOutcome: EncodeBench(\.acceptance) { LedgerRecord.outcome($0).encoded() }
        case .encodeEvent: EncodeBench(\.acceptance.event) { $0?.encoded() }
        }
    }
}

extension SamplePayout {
    /// What is written of it when the provider has accepted it.
    var acceptance: LedgerRecord.Outcome { outcome(.accepted, announcing: .requested) }
    /// What is written when it was made.
    var completion: LedgerRecord.Outcome {
        outcome(.completed, announcing: .completed, sequence: 2)
    }
}
