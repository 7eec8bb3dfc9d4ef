import Testing

@testable import Engine

/// Max-min fair, weighted by the bases.
@Suite struct FairSplitTests {
    @Test(arguments: [
        // What one does not want, the other one gets.
        ([25, 25, 25, 25], [5, 100, 40, 5], [5, 50, 40, 5]),
        ([25, 25, 25, 25], [30, 30, 20, 100], [26, 27, 20, 27]),
        // Who wants at least its own gets at least that.
        ([25, 25, 25, 25], [100, 100, 100, 100], [25, 25, 25, 25]),
        ([10, 90], [100, 90], [10, 90]),
        // By weight.
        ([50, 25, 25], [0, 100, 100], [0, 50, 50]),
        ([40, 20, 40], [100, 100, 10], [60, 30, 10]),
        // Nobody gets more than it wants.
        ([50, 50], [10, 20], [10, 20]),
        ([100], [7], [7]),
        // Who owns nothing has no weight.
        ([0, 100], [100, 50], [0, 50]),
        ([0, 0], [1, 1], [0, 0]),
        ([], [], []),
    ])
    func parts(bases: [Int], wants: [Int], parts: [Int]) {
        let parties = zip(bases, wants).map { FairSplit.Party(base: $0, wants: $1) }
        #expect(FairSplit.parts(of: parties) == parts)
    }
}
