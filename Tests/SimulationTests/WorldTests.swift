import Simulation
import Testing

@Suite struct WorldTests {
    @Test func sameSeedSameTrace() {
        for seed in UInt64(1)...20 {
            let first = Simulation.run(seed: seed, isTracing: true)
            let second = Simulation.run(seed: seed, isTracing: true)
            let isSame = first.trace == second.trace
            #expect(isSame, "seed \(seed) has two traces")
        }
    }
}
