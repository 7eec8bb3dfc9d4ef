import Aspayds
import Contract

/// What the provider tells of a reference, the same for both domains.
struct ProviderWord {
    let id: String?
    let reference: String?
    let status: String
    let amount: Amount?
}

extension ProviderWord {
    init(_ status: PaymentStatus) {
        self.init(
            id: status.invoiceID,
            reference: status.transactionReference,
            status: status.status,
            amount: status.amount
        )
    }

    init(_ status: PayoutStatus) {
        self.init(
            id: status.payoutID,
            reference: status.transactionReference,
            status: status.status,
            amount: status.amount
        )
    }
}

/// The books are held against the provider's own.
extension AuditBooks {
    /// The references of a domain that the provider is to be asked about, by their indices.
    func subjects(_ domain: Domain) -> [Int] {
        accounts.list.indices.filter { index in
            let account = accounts[index]
            return account.domain == domain && (account.isKnown || account.isRefused)
        }
    }

    /// Compares references with the answer to one request about them.
    mutating func compare(_ subjects: [Int], found: [ProviderWord], absent: [String]) {
        let words = Dictionary(grouping: found) { Reference.uppercased($0.reference ?? "") }
        let absent = Set(absent.map(Reference.uppercased))
        findings.time = .max
        for index in subjects {
            let account = accounts[index]
            let name = Reference.uppercased(account.reference)
            if let words = words[name] {
                compare(account, with: words)
            } else if absent.contains(name) {
                compareAbsence(of: account)
            } else {
                findings.leave(.provider)
            }
        }
    }

    private mutating func compareAbsence(of account: Account) {
        // What a person has called done, the provider may never have had; and a dispute is known.
        guard account.state?.isAccepted == true, account.state != .disputed,
            account.standing?.isByHand != true
        else { return }
        breach(.providerAbsent, account, "is \(account.word), and the provider does not know it")
    }

    private mutating func compare(_ account: Account, with words: [ProviderWord]) {
        guard let word = words.first, words.count == 1 else {
            let ids = words.map { $0.id ?? "-" }.joined(separator: ", ")
            return breach(
                .providerTwice,
                account,
                "the provider has it \(words.count) times: \(ids)"
            )
        }
        let id = word.id ?? "-"
        switch account.state {
        case .refused, .expired, .notSent, .held, .approved:
            return breach(
                .providerHas,
                account,
                "is \(account.word), and the provider has \(id), \(word.status)"
            )
        // Not known yet, or a person is to decide.
        case nil, .inDoubt, .review, .released, .conflict, .disputed: return
        default: break
        }
        if account.providerID != 0, let id = word.id,
            account.providerID != Digest.of("\(account.domain.rawValue)/\(id)")
        {
            breach(.providerID, account, "has another id than the provider's \(id)")
        }
        if let ours = account.amount, let theirs = word.amount, ours != theirs {
            breach(.providerAmount, account, "is about \(ours), and the provider has \(theirs)")
        }
        if account.standing?.isByHand != true, let end = account.state?.end(account.domain),
            end.isContradicted(by: word.status)
        {
            breach(
                .providerState,
                account,
                "is \(account.word), and the provider says \(word.status)"
            )
        }
    }

    private mutating func breach(_ rule: Breach.Rule, _ account: Account, _ what: String) {
        let place = account.place.map { topics.source($0, account.domain) }
        let nowhere = CommandSource(
            topic: topics.ledger(of: account.domain),
            partition: -1,
            offset: -1
        )
        findings.add(rule, place ?? nowhere, account.reference, what)
    }
}

/// An end that the provider has told, in its own words.
struct ProviderEnd {
    let words: [String]

    /// Whether the provider says another documented state, which may not follow.
    func isContradicted(by status: String) -> Bool {
        let documented = ["pending", "processing", "paid", "completed", "rejected", "cancelled"]
        return documented.contains(status) && !words.contains(status)
    }
}

extension LedgerRecord.State {
    /// The end that this is; nil while something may follow.
    fileprivate func end(_ domain: Domain) -> ProviderEnd? {
        switch self {
        case .completed: ProviderEnd(words: ["paid", "completed"])
        case .rejected: ProviderEnd(words: ["rejected"])
        // A customer who cancels may come back and pay.
        case .cancelled where domain == .payout: ProviderEnd(words: ["cancelled"])
        default: nil
        }
    }
}
