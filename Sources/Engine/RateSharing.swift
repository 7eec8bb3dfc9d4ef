/// This replica's part of the rate: what it has by its partitions, less what it lends, and what it
/// borrows (DESIGN.md §5).
///
/// A replica that needs less than its base lends what is over, by name, in its heartbeat; one that
/// was short of permits says so in its own. Each computes the same max-min fair split from the newest
/// notices that it has heard, but only to decide what it lends itself. So nobody has to agree with
/// anybody:
///
/// **No part of the rate is used twice, whatever anybody has heard, and when.**
///
/// 1. While a partition has one owner, the bases are at most 1 together. A loan is made out of the
///    lender's own base, which shrinks by it *before* anybody is told; and it names the one process
///    that may use it. What is told twice, late or never only leaves some of the limit unused.
/// 2. A borrower stops before the lender takes back, without any clock that they share. A loan
///    answers a notice of the borrower's. Its term runs from the fence of that notice on the
///    borrower's clock, and from when the notice was *heard* on the lender's: later, however long it
///    was on its way. A tenth of the term on top covers clocks that run at different speeds. A process
///    that stood still looks at its clock before it sends, and finds the loan over.
/// 3. On either side the highest loan whose term is not over counts, so that it does not matter which
///    notice the borrower has heard last: the lender owes what any of them said. It never lends what
///    it owes, or has borrowed.
/// 4. Partitions change hands, and loans made out of them must be over by then. So every notice is
///    given behind a **fence**: a commit that the group has accepted since the notices that it answers
///    were heard (DESIGN.md §4). Thus the lender owned its base when the borrower had already given
///    its notice, and no member of an earlier generation can lend to one of a later. And the group
///    cannot go on without a borrower whose commit it has accepted before a session timeout is over,
///    which is longer than the term (the shell sees to that), unless the borrower gives its
///    partitions back: then it gives its loans up first, and takes none that answers what it said
///    before. Hence a lender that owns nothing any more owes nothing when it is assigned partitions
///    anew. (This is the eager protocol, in which all give everything back at each change.)
///
/// What nobody lends, each has by its partitions, as ever: where heartbeats are missing, late, or
/// contradict one another, the loans run out and nothing is lent.
struct RateSharing {
    /// The whole limit.
    static let whole: Millionths = 1_000_000
    /// Of its base, a replica that needs nothing keeps one in so many, to begin with when work comes.
    private static let keeps = 20
    /// Loans below this are not worth a word.
    private static let least: Millionths = 1000
    /// So many neighbours are listened to, and so many of its notices may be answered.
    private static let mostNeighbours = 1000
    private static let mostSaid = 64

    private struct Neighbour {
        var party: FairSplit.Party
        /// Its newest notice, and the one before: it may have come after the fence.
        var heard: [(number: UInt64, at: Instant)]
    }

    /// Loans between two processes, in one direction: the highest counts until it ends, then the next.
    private struct Loans {
        private var open: [(part: Millionths, ends: Instant)] = []

        var part: Millionths { open.first?.part ?? 0 }
        var nextEnd: Instant? { open.first?.ends }

        mutating func add(_ part: Millionths, until ends: Instant) {
            if open.contains(where: { $0.part >= part && $0.ends >= ends }) { return }
            open.removeAll { $0.part <= part && $0.ends <= ends }
            open.append((part, ends))
            // What is higher ends earlier.
            open.sort { $0.part > $1.part }
        }

        mutating func end(at now: Instant) { open.removeAll { $0.ends <= now } }
    }

    /// This process, by the hash of its name.
    private let me: UInt64
    /// How long a loan lasts; nil where nothing is lent or borrowed.
    let term: Duration?
    /// The part by the partitions owned.
    private(set) var base: Millionths = 0
    /// Whether partitions are assigned and none of them is to be given back.
    private(set) var isMember = false
    private var lastNumber: UInt64 = 0
    /// The fence of each notice that may still be answered.
    private var said: [(number: UInt64, fencedAt: Instant)] = []
    private var neighbours: [UInt64: Neighbour] = [:]
    /// By lender, what may be used.
    private var borrowed: [UInt64: Loans] = [:]
    /// By borrower, what must not be.
    private var owed: [UInt64: Loans] = [:]
    /// When the first loan ends, in either direction.
    private(set) var nextEnd: Instant?
    /// What is borrowed, and what is owed, all in all.
    private(set) var credit: Millionths = 0
    private(set) var debt: Millionths = 0

    init(me: UInt64, term: Duration?) {
        self.me = me
        self.term = term
    }

    /// What may be used now.
    var part: Millionths { min(Self.whole, max(0, base - debt) + credit) }

    // MARK: The group

    /// Sets the base: so many of all partitions are owned.
    mutating func own(_ count: Int, of all: Int) {
        base = min(Self.whole, count * Self.whole / all)
    }

    /// Partitions are assigned, after all were given back.
    mutating func join() {
        if isMember { return }
        isMember = true
        if base == 0 { owed = [:] }
        sum()
    }

    /// The partitions go back: what was borrowed is given up; what was lent goes on until it ends.
    mutating func leave() {
        isMember = false
        said = []
        neighbours = [:]
        borrowed = [:]
        sum()
    }

    // MARK: Time

    /// Ends the loans whose time has come.
    mutating func end(at now: Instant) {
        for other in borrowed.keys { borrowed[other]?.end(at: now) }
        for other in owed.keys { owed[other]?.end(at: now) }
        borrowed = borrowed.filter { $0.value.part > 0 }
        owed = owed.filter { $0.value.part > 0 }
        sum()
    }

    private mutating func sum() {
        credit = borrowed.values.reduce(0) { $0 + $1.part }
        debt = owed.values.reduce(0) { $0 + $1.part }
        nextEnd = (borrowed.values.compactMap(\.nextEnd) + owed.values.compactMap(\.nextEnd)).min()
    }

    // MARK: Notices

    /// Takes in what another process tells; older news than what is known says nothing.
    mutating func hear(_ notice: ShareNotice, from other: UInt64, at now: Instant) {
        let known = neighbours[other]
        guard term != nil, isMember, other != me,
            notice.number > known?.heard.last?.number ?? 0,
            known != nil || neighbours.count < Self.mostNeighbours
        else { return }
        neighbours[other] = Neighbour(
            party: FairSplit.Party(
                base: min(max(0, notice.base), Self.whole),
                wants: min(max(0, notice.wants), Self.whole)
            ),
            heard: (known?.heard.suffix(1) ?? []) + [(notice.number, now)]
        )
        borrow(notice, from: other, at: now)
    }

    /// Takes what a notice lends to us, counted from the fence of the notice that it answers.
    private mutating func borrow(_ notice: ShareNotice, from other: UInt64, at now: Instant) {
        guard let loan = notice.loans.first(where: { $0.to == me }), loan.part > 0,
            let answered = said.first(where: { $0.number == loan.answers })
        else { return }
        let ends = answered.fencedAt + notice.term
        guard ends > now else { return }
        borrowed[other, default: Loans()].add(min(loan.part, Self.whole), until: ends)
        sum()
    }

    /// What to tell the others, behind a fence; nil where there is nothing to share with anybody.
    ///
    /// From here on this replica keeps to what it lends.
    mutating func notice(
        needing need: Millionths,
        fencedAt: Instant,
        at now: Instant
    ) -> ShareNotice? {
        guard isMember, let term else { return nil }
        // Whoever owns nothing has nothing to do that could not wait.
        let wants = base > 0 ? min(max(need, base / Self.keeps), Self.whole) : 0
        neighbours = neighbours.filter { _, neighbour in
            neighbour.heard.last.map { $0.at + term > now } ?? false
        }
        said.removeAll { $0.fencedAt + term <= now }
        if said.count >= Self.mostSaid { said.removeFirst() }
        lastNumber += 1
        said.append((lastNumber, fencedAt))
        let loans = lend(wanting: wants, for: term, fencedAt: fencedAt)
        return ShareNotice(
            number: lastNumber,
            base: base,
            wants: wants,
            term: term,
            loans: loans
        )
    }

    /// Lends what the fair split leaves over of our base, to those who want more than theirs.
    private mutating func lend(
        wanting wants: Millionths,
        for term: Duration,
        fencedAt: Instant
    ) -> [ShareNotice.Loan] {
        let others = neighbours.sorted { $0.key < $1.key }
        let parties = [FairSplit.Party(base: base, wants: wants)] + others.map(\.value.party)
        // They cannot all be true.
        guard parties.reduce(0, { $0 + $1.base }) <= Self.whole else { return [] }
        let parts = FairSplit.parts(of: parties)
        let surplus = base - parts[0]
        let allSurplus = zip(parties, parts).reduce(0) { $0 + max(0, $1.0.base - $1.1) }
        guard surplus > 0, allSurplus > 0 else { return [] }
        var shares = zip(others, parts.dropFirst()).map { other, part in
            let need = max(0, part - other.value.party.base)
            return (to: other.key, part: surplus * need / allSurplus)
        }
        limit(&shares, to: max(0, surplus - debt))
        var loans: [ShareNotice.Loan] = []
        for share in shares where share.part >= Self.least {
            guard let heard = neighbours[share.to]?.heard.last(where: { $0.at <= fencedAt }) else {
                continue
            }
            loans.append(.init(to: share.to, answers: heard.number, part: share.part))
            owed[share.to, default: Loans()].add(
                share.part,
                until: heard.at + (term + term / 10)
            )
        }
        sum()
        return loans
    }

    /// What is owed already may be lent again to the same, but what it grows by must be free.
    private func limit(_ shares: inout [(to: UInt64, part: Millionths)], to free: Millionths) {
        func growth(_ share: (to: UInt64, part: Millionths)) -> Millionths {
            max(0, share.part - (owed[share.to]?.part ?? 0))
        }
        let all = shares.reduce(0) { $0 + growth($1) }
        if all <= free { return }
        for index in shares.indices {
            let growth = growth(shares[index])
            shares[index].part -= growth - growth * free / all
        }
    }
}
