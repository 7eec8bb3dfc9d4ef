import Telemetry
import Testing

@Suite struct LogThrottleTests {
    private let start = ContinuousClock.now

    @Test func aLineThatIsRepeatedComesOnceInAnIntervalAndSaysHowOften() {
        let throttle = LogThrottle(interval: .seconds(30))
        #expect(throttle.pass("a", at: start) == 0)
        #expect(throttle.pass("a", at: start + .seconds(1)) == nil)
        #expect(throttle.pass("a", at: start + .seconds(29)) == nil)
        #expect(throttle.pass("a", at: start + .seconds(30)) == 2)
        #expect(throttle.pass("a", at: start + .seconds(31)) == nil)
        #expect(throttle.pass("a", at: start + .seconds(90)) == 1)
        #expect(throttle.pass("a", at: start + .seconds(150)) == 0)
    }

    @Test func anotherLineIsNotHeldBack() {
        let throttle = LogThrottle(interval: .seconds(30))
        #expect(throttle.pass("a", at: start) == 0)
        #expect(throttle.pass("b", at: start) == 0)
    }

    @Test func moreKindsThanItKeepsShareOneTurn() {
        let throttle = LogThrottle(interval: .seconds(30))
        for number in 0..<256 { #expect(throttle.pass("\(number)", at: start) == 0) }
        #expect(throttle.pass("one more", at: start + .seconds(1)) == 0)
        for number in 1000..<2000 {
            #expect(throttle.pass("\(number)", at: start + .seconds(2)) == nil)
        }
        // What was not repeated for an interval makes room.
        #expect(throttle.pass("yet another", at: start + .seconds(30)) == 0)
        #expect(throttle.pass("and another", at: start + .seconds(30)) == 0)
        #expect(throttle.pass("0", at: start + .seconds(30)) == 0)
    }
}
