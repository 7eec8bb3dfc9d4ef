import Aspayds
import Contract
import Engine
import Testing

@testable import Workers

/// Payouts are judged by a list of methods that is fresh, or not at all.
@Suite struct ListedMethodsTests {
    private let list = PayoutMethods([PayoutMethod(id: 1, name: "bKash")])

    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func aListThatIsNotRefreshedIsForgottenAfterTwoIntervals() {
        var methods = ListedMethods(refreshInterval: .seconds(600))
        #expect(methods.known(at: at(0)) == nil && !methods.forgetOld(at: at(0)))
        methods.learn(list, at: at(100))
        #expect(methods.known(at: at(1300)) == list && !methods.forgetOld(at: at(1300)))
        #expect(methods.known(at: at(1301)) == nil)
        // That is news once.
        #expect(methods.forgetOld(at: at(1301)) && !methods.forgetOld(at: at(1302)))
        methods.learn(list, at: at(1400))
        #expect(methods.known(at: at(1500)) == list)
    }

    @Test func withoutAnIntervalItStays() {
        var methods = ListedMethods(refreshInterval: nil)
        methods.learn(list, at: at(0))
        #expect(methods.known(at: at(1 << 30)) == list)
    }
}
