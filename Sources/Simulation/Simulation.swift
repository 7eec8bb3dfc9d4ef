/// Runs worlds (DESIGN.md §8).
///
/// The engine of production, unchanged, in shells in miniature, with a Kafka and a provider that
/// fail in every way we know of. Everything follows from the seed.
public enum Simulation {
    /// Runs the world of a seed to its end or to the first rule that is broken.
    public static func run(
        seed: UInt64,
        commands: Int = 200,
        sabotage: Sabotage? = nil,
        isTracing: Bool = false
    ) -> Report {
        let world = World(
            seed: seed,
            commands: commands,
            sabotage: sabotage,
            isTracing: isTracing
        )
        world.run()
        let books = world.books
        return Report(
            seed: seed,
            failure: world.timeline.failure,
            trace: world.timeline.trace,
            commands: commands,
            transmissions: books.transmissions,
            executions: books.executions,
            events: books.events,
            reviews: books.reviews,
            rebalances: books.rebalances,
            virtualTime: world.now.duration,
            steps: world.timeline.steps,
            usesJudged: books.use.judged
        )
    }

    /// What became of a world.
    public struct Report: Sendable {
        /// From which everything followed.
        public var seed: UInt64
        /// The first rule that was broken.
        public var failure: String?
        /// What happened, if it was asked for.
        public var trace: [String]
        /// Records of the command topic.
        public var commands: Int
        /// Orders handed over to the provider.
        public var transmissions: Int
        /// Orders that the provider executed.
        public var executions: Int
        /// Events stored.
        public var events: Int
        /// Events that ask for a person.
        public var reviews: Int
        /// Generations of the group.
        public var rebalances: Int
        /// How long it took within the world.
        public var virtualTime: Duration
        /// Things that happened.
        public var steps: Int
        /// How often it was judged whether the rate is used.
        public var usesJudged: Int
    }
}
