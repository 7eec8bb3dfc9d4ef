import Engine

/// What a seed makes of a world: sizes, settings, how bad things get.
struct Plan {
    /// How often each thing goes wrong while faults are on.
    struct Troubles {
        var slowAcknowledgement = 0.0
        var lostAcknowledgement = 0.0
        var refusedAppend = 0.0
        var deferredCommit = 0.0
        var lostCommit = 0.0
        var slowCommitReply = 0.0
        var refusal = 0.0
        var tooMany = 0.0
        var noConnection = 0.0
        var resetBefore = 0.0
        var resetAfter = 0.0
        var serverError = 0.0
        var lateExecution = 0.0
        var unclear = 0.0
        var forbidden = 0.0
        var failedLookup = 0.0
        var slowHandOver = 0.0
        /// A worker knows that the provider would refuse an order.
        var inadmissible = 0.0
        /// A poll does not find what is there.
        var goneForOnce = 0.0
        /// A poll finds a word that nobody knows.
        var oddWord = 0.0
        var lostHeartbeat = 0.0
        var slowHeartbeat = 0.0
        var repeatedHeartbeat = 0.0
    }

    var partitions: Int32
    var workers: Int
    var commands: Int
    var isPayout: Bool
    var enforcesReferences: Bool
    var rateLimit: Double
    var settings: EngineSettings
    var sessionTimeout: Time
    var rebalanceTimeout: Time
    /// Between two heartbeats of a worker.
    var heartbeat: Time
    /// Whether workers lend one another what they do not need of the rate.
    var lendsRate: Bool
    var requestTimeout: Time
    var arrivalTime: Time
    var faultTime: Time
    var faultEvery: Time
    var maxReadLag: Time
    var settleWindow: Time
    var sendDeadline: Time
    var compactsLedger: Bool
    /// By how much wall clocks differ at most.
    var clockSkew: Time
    /// How many commands are produced to a partition that is not their home.
    var strays: Double
    /// Consumer groups on the same topics: one, unless somebody has made a mistake.
    var groups: Int
    /// The partitions that commands belong to.
    var hotPartitions: Int32
    /// How many reviews an operator decides, and of those, how many too early.
    var decides: Double
    /// Whether the provider fails at every question about some references, for ever.
    var hasPoison: Bool
    var troubles: Troubles

    init(commands: Int, chance: inout Chance) {
        self.commands = commands
        partitions = Int32(chance.number(1...6))
        workers = Int(chance.number(1...4))
        isPayout = chance.happens(0.6)
        enforcesReferences = chance.happens(0.2)
        rateLimit = chance.pick([10, 20, 50, 100, 400])
        sessionTimeout = chance.time(.seconds(3)...(.seconds(10)))
        rebalanceTimeout = chance.time(.seconds(5)...(.seconds(25)))
        // A loan is over before the group misses the borrower.
        heartbeat = min(sessionTimeout / 5, rebalanceTimeout / 8)
        lendsRate = chance.happens(0.2)
        requestTimeout = chance.time(.seconds(2)...(.seconds(8)))
        arrivalTime = chance.time(.seconds(2)...(.seconds(30)))
        faultTime = chance.time(.seconds(10)...(.seconds(60)))
        faultEvery = chance.pick([.seconds(1), .seconds(3), .seconds(8), .seconds(1000)])
        settleWindow = chance.time(.seconds(8)...(.seconds(40)))
        sendDeadline = chance.time(.seconds(1)...(.seconds(5)))
        // Whatever is executed is seen within the settle window, counted from the hand-over.
        maxReadLag = chance.happens(0.7) ? settleWindow - .seconds(1) : 0
        compactsLedger = chance.happens(0.5)
        clockSkew = chance.pick([0, .milliseconds(500), .seconds(5)])
        strays = chance.pick([0, 0, 0.05, 0.5])
        groups = chance.happens(0.05) ? 2 : 1
        hotPartitions = min(partitions, chance.pick([1, 2, 6, 6]))
        decides = chance.pick([0, 0.5, 1])
        hasPoison = chance.happens(0.2)
        settings = EngineSettings(
            rateLimit: rateLimit,
            partitionCount: Int(partitions),
            maxInFlight: Int(chance.pick([1, 4, 16, 64])),
            maxHeld: Int(chance.pick([8, 64, 512])),
            maxSpan: Int(chance.pick([10, 50, 20_000])),
            sendDeadline: sendDeadline.duration,
            commitDeadline: chance.time(.seconds(2)...(.seconds(10))).duration,
            commitInterval: .seconds(1),
            settleWindow: settleWindow.duration,
            clockSkew: clockSkew.duration,
            // A customer may pay long after cancelling: what is not followed then is never told.
            pollHorizon: .seconds(
                Int64(chance.pick(isPayout ? [20, 100, 864_000] : [100, 864_000]))
            ),
            repetition: .seconds(Int64(chance.pick([60, 2_592_000]))),
            isCancellingFinal: isPayout,
            refreshInterval: chance.happens(0.5) ? .seconds(60) : nil,
            repostsWhenAbsent: !isPayout,
            maxAmount: isPayout ? chance.pick([nil, nil, 80_000]) : nil,
            dailyLimit: isPayout ? chance.pick([nil, nil, 1_000_000, 5_000_000]) : nil,
            drainTimeout: chance.time(.seconds(1)...(.seconds(10))).duration,
            backoff: Backoff(base: .milliseconds(200), cap: .seconds(5))
        )
        troubles = Troubles()
        if chance.happens(0.1) { makeCalm(&chance) } else { drawTroubles(&chance) }
    }

    /// Nothing goes wrong, and the limit is what everything waits for.
    private mutating func makeCalm(_ chance: inout Chance) {
        rateLimit = chance.pick([3, 6])
        settings.rateLimit = rateLimit
        settings.maxInFlight = 64
        settings.maxSpan = 20_000
        (arrivalTime, faultTime, faultEvery) = (.seconds(2), .seconds(2), .seconds(1000))
        groups = 1
        lendsRate = true
    }

    /// A reference that belongs to a hot partition, for every number another one.
    func hotReference(_ number: UInt64) -> UInt64 {
        let hot = UInt64(hotPartitions)
        return number / hot * UInt64(partitions) + number % hot
    }

    /// Each trouble is absent, rare or frequent, so that worlds differ in kind.
    private mutating func drawTroubles(_ chance: inout Chance) {
        let all: [WritableKeyPath<Troubles, Double>] = [
            \.slowAcknowledgement, \.lostAcknowledgement, \.refusedAppend, \.deferredCommit,
            \.lostCommit, \.slowCommitReply, \.refusal, \.tooMany, \.noConnection, \.resetBefore,
            \.resetAfter, \.serverError, \.lateExecution, \.unclear, \.forbidden, \.failedLookup,
            \.slowHandOver, \.inadmissible, \.goneForOnce, \.oddWord, \.lostHeartbeat,
            \.slowHeartbeat, \.repeatedHeartbeat,
        ]
        for trouble in all {
            troubles[keyPath: trouble] = chance.pick([0, 0, 0.01, 0.03, 0.15])
        }
    }
}
