/// What an engine is told about its world.
///
/// Every limit is here.
public struct EngineSettings: Hashable, Sendable {
    /// Requests per second of all replicas together.
    public var rateLimit: Double
    /// Partitions of the command topic; the rate is shared by partitions owned.
    public var partitionCount: Int
    /// How long a part of the rate is lent to another replica at a time; nil: it never is.
    ///
    /// Shorter than what the group waits for a member that is silent.
    public var loanTerm: Duration?
    /// Orders being sent at once.
    public var maxInFlight: Int
    /// Records taken and not finished, above which no more are wanted.
    public var maxHeld: Int
    /// Records between the committed offset and the newest one read of one partition.
    public var maxSpan: Int
    /// How long after its fence an order may still be transmitted.
    public var sendDeadline: Duration
    /// How long a commit may take before it counts as failed.
    public var commitDeadline: Duration
    /// How long progress may wait for a commit when no intent needs a fence.
    public var commitInterval: Duration
    /// How long absence must last before an attempt in doubt is judged.
    public var settleWindow: Duration
    /// By how much the clocks of the replicas may differ: a doubt that another one has begun is
    /// judged that much later.
    public var clockSkew: Duration
    /// How long what was accepted is followed.
    public var pollHorizon: Duration
    /// How long before what is not over is written to the ledger again.
    public var repetition: Duration
    /// Whether nothing can follow on `cancelled`.
    public var isCancellingFinal: Bool
    /// How often the harmless read is sent for what it tells, the payout methods; nil for never.
    public var refreshInterval: Duration?
    /// Whether an attempt absent for the settle window is sent again; otherwise it is reviewed.
    public var repostsWhenAbsent: Bool
    /// The largest amount that is sent without a person, in thousandths of the currency's unit; nil
    /// for any.
    public var maxAmount: Int64?
    /// What the orders of a day (UTC) may come to in all partitions together, likewise; each partition
    /// has an equal part of it.
    public var dailyLimit: Int64?
    /// Whether commands are read although nothing may be sent: somebody only wants to see what
    /// would be.
    public var readsWhilePaused: Bool
    /// How long a drain may take.
    public var drainTimeout: Duration
    /// Delays between transmissions of one order.
    public var backoff: Backoff

    /// Settings with the defaults of CONTRACT.md for everything that is not said.
    public init(
        rateLimit: Double = 10,
        partitionCount: Int = 1,
        loanTerm: Duration? = nil,
        maxInFlight: Int = 64,
        maxHeld: Int? = nil,
        maxSpan: Int = 20_000,
        sendDeadline: Duration = .seconds(5),
        commitDeadline: Duration = .seconds(10),
        commitInterval: Duration = .seconds(1),
        settleWindow: Duration = .seconds(900),
        clockSkew: Duration = .seconds(60),
        pollHorizon: Duration = .seconds(259_200),
        repetition: Duration = .seconds(2_592_000),
        isCancellingFinal: Bool = true,
        refreshInterval: Duration? = nil,
        repostsWhenAbsent: Bool = false,
        maxAmount: Int64? = nil,
        dailyLimit: Int64? = nil,
        readsWhilePaused: Bool = false,
        drainTimeout: Duration = .seconds(20),
        backoff: Backoff = Backoff()
    ) {
        self.rateLimit = rateLimit
        self.partitionCount = max(1, partitionCount)
        self.loanTerm = loanTerm
        self.maxInFlight = max(1, maxInFlight)
        self.maxHeld = maxHeld ?? max(512, 2 * maxInFlight)
        self.maxSpan = maxSpan
        self.sendDeadline = sendDeadline
        self.commitDeadline = commitDeadline
        self.commitInterval = commitInterval
        self.settleWindow = settleWindow
        self.clockSkew = clockSkew
        self.pollHorizon = pollHorizon
        self.repetition = repetition
        self.isCancellingFinal = isCancellingFinal
        self.refreshInterval = refreshInterval
        self.repostsWhenAbsent = repostsWhenAbsent
        self.maxAmount = maxAmount
        self.dailyLimit = dailyLimit
        self.readsWhilePaused = readsWhilePaused
        self.drainTimeout = drainTimeout
        self.backoff = backoff
    }
}
