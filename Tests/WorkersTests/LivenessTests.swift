import Engine
import Testing

@testable import Workers

@Suite struct LivenessTests {
    private func instant(_ seconds: Int64) -> Instant {
        Instant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test func whatHasNotTurnedForAMinuteHangs() {
        let liveness = Liveness()
        #expect(liveness.hanging(at: instant(1000)).isEmpty)
        liveness.turned("payouts", at: instant(0))
        liveness.turned("payments", at: instant(10))
        #expect(liveness.hanging(at: instant(59)).isEmpty)
        #expect(liveness.hanging(at: instant(60)) == ["payouts"])
        #expect(liveness.hanging(at: instant(70)) == ["payments", "payouts"])
        liveness.turned("payouts", at: instant(71))
        liveness.ended("payments")
        #expect(liveness.hanging(at: instant(100)).isEmpty)
    }
}
