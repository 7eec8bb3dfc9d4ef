import Simulation
import Testing

@Suite struct WorldTests {
    @Test func sameSeedSameTrace() {
        for seed in UInt64(1)...20 {
            let first = Simulation.run(seed: seed, isTracing: true)
            #expect(first.trace == Simulation.run(seed: seed, isTracing: true).trace)
        }
    }
}
