import Aspayds
import Contract
import Kafka

/// What the audit goes by.
struct AuditTerms {
    let topics: Topics
    let rules: LedgerRules
    /// Whether what is open is a breach.
    var isComplete = false
    /// Breaches in older records are left out: milliseconds since 1970; nil for none.
    var since: Int64?
    /// The only reference to be judged, in upper case; nil for all.
    var reference: String?
}

/// The books: fed with every record of the topics, they say what is wrong with them.
///
/// What comes first is fed first: the commands, then the ledgers, then events, dead letters and
/// notifications; each partition in its order. It asks nobody and knows no clock.
struct AuditBooks {
    let terms: AuditTerms
    var extents: Extents
    var findings: Findings
    var pages = CommandPages()
    var replays = AuditReplays()
    var accounts = Accounts()
    var claims = LedgerClaims()
    /// Every order that came in, by domain and currency.
    private(set) var intake = Tally()
    private var currencies = [String?.none]
    /// Whose an id of the provider's is.
    private var owners: [UInt64: Int32] = [:]

    init(_ terms: AuditTerms, _ extents: Extents) {
        (self.terms, self.extents) = (terms, extents)
        findings = Findings(since: terms.since)
    }

    var topics: Topics { terms.topics }

    /// How many records were taken of each topic.
    private(set) var records: [String: Int] = [:]

    /// Notes a record that is taken, whatever is in it.
    mutating func note(_ place: CommandSource, at time: Int64) {
        extents.note(place, at: time)
        findings.time = time
        records[place.topic, default: 0] += 1
    }

    /// A record that is not what belongs there.
    mutating func addUnreadable(_ place: CommandSource, _ why: String) {
        guard terms.reference == nil else { return }
        findings.add(.unreadable, place, nil, why)
    }

    func isWanted(_ reference: String?) -> Bool {
        guard let wanted = terms.reference else { return true }
        return reference.map(Reference.uppercased) == wanted
    }

    func home(of reference: String, in topic: String) -> Int32 {
        HomePartition.of(reference, partitions: extents.count(of: topic))
    }

    func currency(_ index: UInt16) -> String? { currencies[Int(index)] }

    mutating func index(of currency: String?) -> UInt16 {
        if let index = currencies.firstIndex(of: currency) { return UInt16(index) }
        guard currencies.count < UInt16.max else { return 0 }
        currencies.append(currency)
        return UInt16(currencies.count - 1)
    }

    // MARK: Commands

    mutating func add(_ command: SeenCommand, of domain: Domain) {
        guard isWanted(command.reference) else { return }
        let id = PageID(domain, command.place)
        let root = PageID(domain, command.origin)
        let isCopy = command.origin != command.place
        var page = page(of: command, domain)
        if isCopy {
            if let letter = command.deadLetter {
                replays.add(AuditReplays.Copy(id: id, letter: letter, page: page), of: root)
            }
            page.kind = .copy
        } else {
            intake.add(domain, "in", page.amount, currency(page.currency))
        }
        if let reference = command.reference, page.kind != .invalid,
            home(of: reference, in: command.place.topic) != command.place.partition
        {
            page.flags.insert(.isStray)
        }
        pages.add(page, id, copyOf: isCopy ? root : nil)
        correct(root)
    }

    private mutating func page(of command: SeenCommand, _ domain: Domain) -> Page {
        var page = Page(command, account: command.reference.map { accounts.index(domain, $0) })
        if case .order(_, _, let currency) = command.wish { page.currency = index(of: currency) }
        return page
    }

    /// What was set aside and put back counts as what the replay says, and is where that lies.
    private mutating func correct(_ root: PageID) {
        guard replays.has(1, of: root), let page = pages[root] else { return }
        let right = replays.correction(of: root).map { page.corrected(by: $0) } ?? page
        intake.move(
            root.domain,
            "in",
            from: (page.amount, currency(page.currency)),
            to: (right.amount, currency(right.currency))
        )
        pages.change(root) {
            $0 = right
            $0.flags.insert(.isStray)
        }
    }

    // MARK: What the provider calls it

    /// Notes an id that the provider gave to a reference.
    mutating func note(id: String?, of index: Int, at place: Place) {
        guard let id, !id.isEmpty else { return }
        let account = accounts[index]
        let digest = Digest.of("\(account.domain.rawValue)/\(id)")
        let source = topics.source(place, account.domain)
        if account.providerID == 0 {
            accounts[index].providerID = digest
            accounts[index].providerIDPlace = place
        } else if account.providerID != digest {
            let first = account.providerIDPlace.map { topics.source($0, account.domain) }
            findings.add(
                .twoIDs,
                source,
                account.reference,
                "has the provider's id \(id), and another one in \(first.map { "\($0)" } ?? "-")"
            )
        }
        if let owner = owners[digest], owner != Int32(index) {
            findings.add(
                .sharedID,
                source,
                account.reference,
                "the provider's id \(id) belongs to \(accounts[Int(owner)].reference) too"
            )
        } else {
            owners[digest] = Int32(index)
        }
    }
}

extension Page {
    fileprivate init(_ command: SeenCommand, account: Int?) {
        var order: (fingerprint: UInt64, amount: Amount)?
        if case .order(let fingerprint, let amount, _) = command.wish {
            order = (fingerprint, amount)
        }
        self.init(
            offset: command.place.offset,
            time: command.time,
            fingerprint: order?.fingerprint ?? 0,
            thousandths: order?.amount.thousandths ?? 0,
            digest: command.digest,
            account: account.map { Int32($0) } ?? -1,
            currency: 0,
            kind: Kind(command.wish)
        )
    }

    /// The same command, with what another page says.
    fileprivate func corrected(by other: Page) -> Page {
        Page(
            offset: offset,
            time: time,
            fingerprint: other.fingerprint,
            thousandths: other.thousandths,
            ending: ending,
            digest: other.digest,
            answer: answer,
            account: other.account,
            currency: other.currency,
            kind: other.kind,
            end: end,
            flags: flags
        )
    }
}

extension Page.Kind {
    fileprivate init(_ wish: SeenCommand.Wish) {
        switch wish {
        case .order: self = .order
        case .check: self = .check
        case .hint: self = .hint
        case .methods: self = .methods
        case .invalid: self = .invalid
        }
    }
}
