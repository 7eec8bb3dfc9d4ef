import Simulation
import Testing

/// The checkers notice what DESIGN.md §4 rests on when it is taken away.
///
/// These are the sabotages that are caught within a few worlds; `simulate --teeth` tries all of
/// them, in the release build.
@Suite struct TeethTests {
    @Test(arguments: [
        Sabotage.earlyAcknowledgement, .earlyLedgerEnd, .lookUpThenPost, .sharedLedgerKey,
        .doubtAsNotSent, .notSentInLedger, .earlyOffsets, .unpublishedEvents, .unseenGaps,
        .unheardDecisions,
    ])
    func isCaught(sabotage: Sabotage) {
        let caught = (UInt64(1)...500).lazy
            .map { Simulation.run(seed: $0, sabotage: sabotage) }
            .first { $0.failure != nil }
        #expect(caught != nil, "\(sabotage.rawValue) is not caught within 500 worlds")
    }

    private func trace(of seed: UInt64) -> String {
        Simulation.run(seed: seed, isTracing: true).trace.joined(separator: "\n")
    }

    @Test func nothingIsCaughtWhereNothingIsWrong() {
        for seed in UInt64(1)...100 {
            let failure = Simulation.run(seed: seed).failure
            #expect(failure == nil, "seed \(seed): \(trace(of: seed))")
        }
    }
}
